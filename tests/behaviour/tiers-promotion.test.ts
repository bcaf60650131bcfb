import type { Cache, Codec } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../fleet.js'
import { referenceCells } from '../reference-table.js'
import { type Case, hasCopy, keeps, keepsWhile, lastsFor, readWhile, stored } from './promotions.js'

/** Gives out functions, which no clone can hold. */
const functions: Codec = {
  name: 'functions',
  id: 200,
  encode: () => new Uint8Array(1),
  decode: () => hasCopy,
}

const cases: Record<string, Case> = {
  'a fresh value, until it is stale in the remote tier': async setting => {
    await stored(setting, { ttl: 5_000 })
    return lastsFor(5_000, setting.here, setting.fleet)
  },
  'a fresh value, until maxLocalStaleness after its read was sent': async setting => {
    await stored(setting)
    return lastsFor(3_000, await setting.fleet.member({ maxLocalStaleness: 3_000 }), setting.fleet)
  },
  'a stale value': async setting => {
    const { here, fleet } = setting
    await stored(setting, { ttl: 1_000, grace: '1h' })
    await fleet.clock.advance(1_000)
    expect((await here.cache.lookup('k')).state).toBe('stale')
    return here.local.size > 0
  },
  'a value with the raw codec: nobody knows how long it is fresh': setting =>
    keeps({ codec: 'raw' }, setting, 'text'),
  'this process invalidated the key after the read was sent': readWhile(({ here }) => here.cache.delete('k')),
  'a message about the key arrived after the read was sent': readWhile(({ elsewhere }) =>
    elsewhere.cache.delete('k'),
  ),
  'a message about another key arrived after the read was sent': readWhile(({ elsewhere }) =>
    elsewhere.cache.delete('other'),
  ),
  'a message about one of its tags arrived after the read was sent': readWhile(({ elsewhere }) =>
    elsewhere.cache.deleteTags(['other', 't']),
  ),
  'a message about another tag arrived after the read was sent': readWhile(({ elsewhere }) =>
    elsewhere.cache.deleteTags(['other']),
  ),
  'this process invalidated one of its tags after the read was sent': readWhile(({ here }) =>
    here.cache.deleteTags(['t']),
  ),
  'this process cleared something after the read was sent': readWhile(({ here }) =>
    here.cache.namespace('n').clear(),
  ),
  'another process cleared something after the read was sent': readWhile(({ elsewhere }) =>
    elsewhere.cache.namespace('n').clear(),
  ),
  'the read was sent while an invalidation by this process was under way': async ({ fleet }) => {
    const ways = [
      (cache: Cache) => cache.delete('k'),
      (cache: Cache) => cache.deleteMany(['k', 'other']),
      (cache: Cache) => cache.expire('k'),
      (cache: Cache) => cache.deleteTags(['t']),
      (cache: Cache) => cache.expireTags(['t']),
      (cache: Cache) => cache.clear(),
    ]
    const kept = await Promise.all(
      ways.map(async (way, index) => {
        const prefix = `way-${index}`
        await fleet.plain({ prefix }).set('k', 'value', { tags: ['t'], grace: '1h' })
        return keepsWhile(await fleet.member({ prefix }), fleet, way)
      }),
    )
    return kept.includes(true)
  },
  'the local tier was dropped after the read was sent': readWhile(async ({ here }) => {
    here.bus.cut()
    here.bus.restore()
  }),
  'the bus is down': async setting => {
    await stored(setting)
    setting.here.bus.cut()
    expect(await setting.here.cache.get('k')).toBe('value')
    return hasCopy(setting.here.cache)
  },
  'the value does not fit the local store': setting => {
    const small = lruStore({ maxSize: 2, sizeOf: () => 3 })
    return keeps({ store: [small, setting.fleet.server.store()] }, setting, 'large')
  },
  "the value can't be cloned, with clone: 'structured'": async setting => {
    expect(await keeps({ codec: functions, prefix: 'shared' }, setting, hasCopy)).toBe(true)
    await setting.fleet.plain({ codec: functions }).set('k', hasCopy)
    const { cache } = await setting.fleet.member({ codec: functions, clone: 'structured' })
    expect(await cache.get('k')).toBe(hasCopy)
    return hasCopy(cache)
  },
  'a load was committed': async ({ here }) => {
    await here.cache.getOrSet('k', () => 'value', { tags: ['t'] })
    return hasCopy(here.cache)
  },
  'a load was committed, and a message about one of its tags arrived meanwhile': async setting => {
    const { fleet, here, elsewhere } = setting
    here.bus.hold()
    await elsewhere.cache.deleteTags(['t'])
    const load = async () => {
      await fleet.settle()
      here.bus.release()
      return 'value'
    }
    await here.cache.getOrSet('k', load, { tags: ['t'] })
    expect(here.trace.types()).toContain('commit')
    return hasCopy(here.cache)
  },
  'the read was sent while a conditional set took the value away': async setting => {
    const { fleet, here } = setting
    await stored(setting)
    const { version } = await here.cache.lookup('k')
    return keepsWhile(here, fleet, cache => cache.set('k', 'new', { ifVersion: version, ttl: 0 }))
  },
}

describe('A copy', () => {
  const cells = referenceCells('tiers.md', 'Promotion')

  it('is told of by the reference for each case', () => {
    expect(cells.map(({ row }) => row)).toEqual(Object.keys(cases))
  })

  for (const { row, text } of cells) {
    it(`is ${text}: ${row}`, async () => {
      const fleet = openFleet()
      const [here, elsewhere] = [await fleet.member(), await fleet.member()]
      const kept = await cases[row]?.({ fleet, here, elsewhere })
      expect(kept ? 'kept' : 'not kept').toBe(text)
    })
  }
})
