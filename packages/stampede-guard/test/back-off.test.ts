import type { Cache, CacheOptions, Milliseconds } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { operations } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { type BackOffOptions, backOff, claimed, composeGuards, singleFlight } from '../src/index.js'
import { openProcesses } from './processes.js'

const broken = new Error('connection refused')
const fail = () => Promise.reject(broken)
const load = () => 'loaded'

/** A process whose cache backs off. */
function backingOff(options?: BackOffOptions, more: Partial<CacheOptions> = {}) {
  const { first, ...world } = openProcesses(1, {
    guard: composeGuards(backOff(options), singleFlight()),
    ...more,
  })
  return { ...world, ...first }
}

/** A process of which a load of `row` has just failed. */
async function afterFailure(options?: BackOffOptions, more?: Partial<CacheOptions>) {
  const world = backingOff(options, more)
  await expect(world.cache.getOrSet('row', fail)).rejects.toBe(broken)
  return world
}

const outcomeOf = (cache: Cache, key = 'row') => cache.getOrSet(key, load).catch(error => error)

describe('After a failed load', () => {
  const schedules: [BackOffOptions | undefined, Milliseconds[]][] = [
    [undefined, [50, 100, 200, 400, 800, 1_000, 1_000]],
    [{ initial: 10, max: '40ms' }, [10, 20, 40, 40]],
    [{ initial: '2s' }, [2_000, 2_000]],
    [{ max: 60 }, [50, 60, 60]],
  ]
  it.each(schedules)(
    'the next one waits out a pause that doubles up to its longest: %o',
    async (options, pauses) => {
      const { cache, clock } = await afterFailure(options)
      const failing = vi.fn(fail)
      for (const [failures, pause] of pauses.entries()) {
        await clock.advance(pause - 1)
        await expect(cache.getOrSet('row', failing)).rejects.toBe(broken)
        expect(failing).toHaveBeenCalledTimes(failures)
        await clock.advance(1)
        await expect(cache.getOrSet('row', failing)).rejects.toBe(broken)
        expect(failing).toHaveBeenCalledTimes(failures + 1)
      }
    },
  )

  it.each([broken, 'connection refused', undefined])(
    'callers get what it threw, as it is: %o',
    async thrown => {
      const { cache } = backingOff()
      const answers: unknown[] = []
      for (const _ of [1, 2]) {
        await cache.getOrSet('row', () => Promise.reject(thrown)).catch(error => answers.push(error))
      }
      expect(answers).toHaveLength(2)
      for (const answer of answers) expect(answer).toBe(thrown)
    },
  )

  it('callers are refused with an event, and only the read is sent to the store', async () => {
    const { cache, store, trace } = await afterFailure()
    store.calls.length = 0
    trace.events.length = 0
    expect(await outcomeOf(cache)).toBe(broken)
    expect(trace.lines('key', 'cause')).toEqual(['miss key=row', 'load-refused key=row cause=back-off'])
    expect(operations(store)).toEqual(['get'])
  })

  it('a stale value within grace is served', async () => {
    const { cache, trace, clock } = backingOff({}, { ttl: '1m', grace: '1h' })
    await cache.set('row', 'old')
    await clock.advance(60_000)
    expect(await cache.getOrSet('row', fail)).toBe('old')
    trace.events.length = 0
    expect(await cache.getOrSet('row', load)).toBe('old')
    expect(trace.lines('stale', 'cause')).toEqual([
      'miss stale=true',
      'load-refused cause=back-off',
      'hit stale=true',
    ])
    await clock.advance(50)
    expect(await cache.getOrSet('row', load)).toBe('loaded')
  })

  it('other keys, other namespaces and other processes load at once', async () => {
    const { cache, open } = await afterFailure()
    expect(await outcomeOf(cache, 'other')).toBe('loaded')
    expect(await outcomeOf(cache.namespace('other'))).toBe('loaded')
    expect(await outcomeOf(open().cache)).toBe('loaded')
  })

  it('a load that is forced begins at once, and counts like any other', async () => {
    const { cache, clock } = await afterFailure()
    await expect(cache.getOrSet('row', fail, { refresh: true })).rejects.toBe(broken)
    await clock.advance(99)
    expect(await outcomeOf(cache)).toBe(broken)
    expect(await cache.getOrSet('row', load, { refresh: true, ttl: 0 })).toBe('loaded')
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it('of which it heard only when it had its claim, a load does not begin, and leaves no claim', async () => {
    const guard = composeGuards(backOff({ initial: '1m' }), claimed({ wait: '1s' }))
    const { first: here, open, clock, server } = openProcesses(1, { guard })
    const elsewhere = heldLoad<string>()
    const losing = open({ guard: undefined })
      .cache.getOrSet('row', elsewhere.load)
      .catch(() => {})
    await elsewhere.begun
    // The first waits in vain and loads without a claim; the second comes when that load has begun already.
    const held = heldLoad<string>()
    const first = here.cache.getOrSet('row', held.load).catch(error => error)
    await clock.advance(1_000)
    const second = here.cache.getOrSet('row', load).catch(error => error)
    await clock.advance(100)
    held.fail(broken)
    expect(await first).toBe(broken)
    elsewhere.fail(new Error('failed too'))
    await losing
    await clock.advance(50)
    expect(await second).toBe(broken)
    expect(server.keys()).toEqual([])
  })
})

describe('The pause after a failure is over at once', () => {
  const ends: [string, (cache: Cache) => Promise<unknown>][] = [
    ['deleted', cache => cache.delete('row')],
    ['deleted with others', cache => cache.deleteMany(['other', 'row'])],
    ['expired', cache => cache.expire('row')],
    ['set', cache => cache.set('row', 'old', { ttl: 0 })],
    ['cleared', cache => cache.clear()],
    ['invalidated after a write', cache => cache.invalidateAfter(() => {}, { keys: ['row'] })],
  ]
  it.each(ends)('when its key was %s', async (_, end) => {
    const { cache, clock } = await afterFailure()
    await clock.advance(50)
    await expect(cache.getOrSet('row', fail)).rejects.toBe(broken)
    await end(cache)
    await expect(cache.getOrSet('row', fail)).rejects.toBe(broken)
    // That was a first failure again.
    await clock.advance(49)
    expect(await outcomeOf(cache)).toBe(broken)
    await clock.advance(1)
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it.each(ends)('also in a namespace and with a store that is down, when its key was %s', async (_, end) => {
    const { cache: root, store } = backingOff()
    const cache = root.namespace('rows')
    await expect(cache.getOrSet('row', fail)).rejects.toBe(broken)
    store.fail()
    await end(cache).catch(() => {})
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it('when a load has succeeded, though not at the invalidation of another key or namespace', async () => {
    const { cache, clock } = await afterFailure()
    await cache.delete('other')
    await cache.namespace('rows').clear()
    await cache.namespace('rows').delete('row')
    expect(await outcomeOf(cache)).toBe(broken)
    await clock.advance(50)
    expect(await cache.getOrSet('row', load, { ttl: 10 })).toBe('loaded')
    await clock.advance(10)
    await expect(cache.getOrSet('row', fail)).rejects.toBe(broken)
    await clock.advance(50)
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it('waits as long as max says, above a minute too', async () => {
    const guard = composeGuards(backOff({ initial: '30s', max: '10m' }), singleFlight())
    const { first, clock } = openProcesses(1, { guard })
    const times: number[] = []
    for (let second = 0; second < 500; second++) {
      const load = () => {
        times.push(second)
        throw new Error('down')
      }
      await first.cache.getOrSet('row', load).catch(() => {})
      await clock.advance(1_000)
    }
    expect(times).toEqual([0, 30, 90, 210, 450])
  })
})
