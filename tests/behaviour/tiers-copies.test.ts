import type { Cache } from '@lookaside/core'
import { createCache, memoryBus } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../fleet.js'

/** Keys that have a digest on the wire, from which the local key can't be told. */
const DIGESTED = ['x'.repeat(300), 'with spaces in it', '\0odd', '\u{d800}']

describe("Copies with clone: 'structured'", () => {
  interface User {
    name: string
    roles: string[]
  }
  const ada = (): User => ({ name: 'Ada', roles: ['admin'] })

  it.each(['what was read', 'what was loaded', 'what was set'])('are their own: %s', async how => {
    const fleet = openFleet({ clone: 'structured' })
    const { cache } = await fleet.member()
    const given = ada()
    if (how === 'what was read') await fleet.plain().set('k', ada())
    if (how === 'what was set') await cache.set('k', given)
    const first = await cache.getOrSet<User>('k', () => given)
    const second = await cache.getOrSet<User>('k', ada)
    for (const user of [given, first, second, cache.peek<User>('k') as User]) user.roles.push('changed')
    expect(cache.peek('k')).toEqual(ada())
    expect(await cache.get('k')).toEqual(ada())
    expect((await cache.getMany(['k'])).get('k')).toEqual(ada())
  })
})

describe("Copies with clone: 'freeze'", () => {
  it('are frozen, and so is what was read', async () => {
    const fleet = openFleet({ clone: 'freeze' })
    await fleet.plain().set('k', { roles: ['admin'] })
    const { cache } = await fleet.member()
    const read = await cache.get<{ roles: string[] }>('k')
    expect(cache.peek('k')).toBe(read)
    expect(() => read?.roles.push('changed')).toThrow(TypeError)
  })
})

describe('Copies without a clone mode', () => {
  it('are shared by all who read them', async () => {
    const fleet = openFleet()
    await fleet.plain().set('k', { roles: ['admin'] })
    const { cache } = await fleet.member()
    const read = await cache.get('k')
    expect(await cache.getOrSet('k', () => undefined)).toBe(read)
  })
})

describe('Caches that share a local and a remote store', () => {
  async function sharing(buses = false) {
    const fleet = openFleet()
    const { local, store, cache: first } = await fleet.member()
    const bus = buses ? memoryBus() : undefined
    const second = createCache({ store: [local, store], clock: fleet.clock, bus })
    await fleet.settle()
    return { fleet, first, second, store }
  }

  it.each([false, true])('share its copies, each with a bus of its own: %s', async buses => {
    const { first, second, store } = await sharing(buses)
    await first.set('k', 'value', { tags: ['t'] })
    store.calls.length = 0
    expect(second.peek('k')).toBe('value')
    expect(await second.getOrSet('k', () => 'loaded', { tags: ['t'] })).toBe('value')
    expect(store.calls).toEqual([])
  })

  it.each<[string, (cache: Cache, key: string) => Promise<boolean>]>([
    ['delete', (cache, key) => cache.delete(key)],
    ['expire', (cache, key) => cache.expire(key)],
    ['deleteTags', cache => cache.deleteTags(['t'])],
    ['expireTags', cache => cache.expireTags(['t'])],
    ['clear', cache => cache.clear()],
  ])('drop them for each other: %s', async (_, invalidate) => {
    for (const key of ['k', ...DIGESTED]) {
      const { first, second } = await sharing()
      await first.set(key, 'value', { tags: ['t'] })
      await invalidate(second, key)
      expect(first.peek(key)).toBeUndefined()
      await second.set(key, 'value', { tags: ['t'] })
      await invalidate(first, key)
      expect(second.peek(key)).toBeUndefined()
    }
  })

  it('keep nothing of a read that was under way when the other one invalidated the key', async () => {
    const { fleet, first, second, store } = await sharing()
    await fleet.plain().set('k', 'value')
    store.delay(10, { ops: ['get'], times: 1 })
    const reading = first.get('k')
    await fleet.settle()
    await second.delete('other')
    await second.delete('k')
    await fleet.plain().set('k', 'value')
    await fleet.clock.advance(10)
    expect(await reading).toBe('value')
    expect(first.peek('k')).toBeUndefined()
  })
})

describe('maxLocalStaleness', () => {
  it.each([
    ['30 s without a bus', 'lone', 30_000],
    ['as long as the value is fresh with one of messages', 'member', 3_600_000],
    ['as long as the value is fresh with one of changes', 'observer', 3_600_000],
  ] as const)('is %s', async (_, kind, bound) => {
    const fleet = openFleet({ ttl: '1h' })
    await fleet.plain().set('k', 'value')
    const { cache } = await fleet[kind]()
    await cache.get('k')
    await fleet.clock.advance(bound - 1)
    expect(cache.peek('k')).toBe('value')
    await fleet.clock.advance(1)
    expect(cache.peek('k')).toBeUndefined()
  })

  it('counts from when a load began, for what it has stored', async () => {
    const fleet = openFleet({ ttl: '1h' })
    const { cache } = fleet.lone({ maxLocalStaleness: '10s' })
    await cache.getOrSet('k', () => fleet.clock.advance(4_000).then(() => 'value'))
    await fleet.clock.advance(5_999)
    expect(cache.peek('k')).toBe('value')
    await fleet.clock.advance(1)
    expect(cache.peek('k')).toBeUndefined()
  })

  it('bounds what a bus could call back, too', async () => {
    const fleet = openFleet({ ttl: '1h' })
    const { cache } = await fleet.member({ maxLocalStaleness: '10s' })
    await cache.set('k', 'value')
    await fleet.clock.advance(9_999)
    expect(cache.peek('k')).toBe('value')
    await fleet.clock.advance(1)
    expect(cache.peek('k')).toBeUndefined()
  })
})
