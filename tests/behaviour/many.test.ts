import type { RemoteStore } from '@lookaside/core'
import { faultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { backends, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'

const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)

/** Enough for each server of a fleet to have some. */
const others = Array.from({ length: 32 }, (_, index) => `other${index}`)

describe.each(backends)('Many keys on $name', backend => {
  it('are read into a map in the order of the keys, without those that are missing', async () => {
    const { cache } = observedCache(backend)
    await cache.setMany(keys.filter((_, index) => index % 3 !== 0).map(key => [key, `value of ${key}`]))
    const asked = keys.toReversed()
    const found = await cache.getMany(asked)
    const expected = asked.filter(key => keys.indexOf(key) % 3 !== 0)
    expect([...found]).toEqual(expected.map(key => [key, `value of ${key}`]))
    expect(cache.stats().misses).toBe(keys.length - expected.length)
  })

  it('tell a cached undefined by the presence of its key', async () => {
    const { cache } = observedCache(backend)
    await cache.set('nothing', undefined)
    const found = await cache.getMany(['nothing', 'absent'])
    expect(found.has('nothing')).toBe(true)
    expect(found.has('absent')).toBe(false)
  })

  it('may be none, or the same twice', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.getMany([])).toEqual(new Map())
    expect(await cache.setMany([])).toBe(true)
    expect(await cache.deleteMany([])).toBe(true)
    await cache.set('a', 1)
    expect(await cache.getMany(['a', 'a'])).toEqual(new Map([['a', 1]]))
  })

  it('leave stale values out', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: '1h' })
    await cache.set('a', 1)
    await cache.set('b', 2, { ttl: 2_000 })
    await clock.advance(1_000)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 2]]))
  })

  it('are written from any iterable, with options for all', async () => {
    const { cache, clock } = observedCache(backend)
    const map = new Map([
      ['a', 1],
      ['b', 2],
    ])
    expect(await cache.setMany(map, { ttl: '1s' })).toBe(true)
    expect(await cache.lookup('a')).toMatchObject({ value: 1, staleAt: clock.now() + 1_000 })
    expect(await cache.lookup('b')).toMatchObject({ value: 2, staleAt: clock.now() + 1_000 })
  })

  it('are deleted together, with an event each', async () => {
    const { cache, trace } = observedCache(backend, { grace: '1h' })
    await cache.setMany(keys.map(key => [key, 1]))
    trace.events.length = 0
    expect(await cache.deleteMany(['k1', 'absent', 'k2'])).toBe(true)
    expect(trace.lines('kind', 'key', 'delivered')).toEqual([
      'invalidate kind=delete key=k1 delivered=true',
      'invalidate kind=delete key=absent delivered=true',
      'invalidate kind=delete key=k2 delivered=true',
    ])
    expect((await cache.getMany(keys)).size).toBe(keys.length - 2)
    expect(cache.stats().invalidations).toBe(3)
  })
})

describe.each(remoteBackends)('Many keys on $name, on the wire', backend => {
  /** What is asked of the store from now on, by a process that has read the generations of all servers where there are any. */
  async function counted() {
    const clock = new ManualClock()
    const store = faultyStore(backend.openStore(clock) as RemoteStore)
    const { cache } = observedCache(backend, { store, clock })
    await cache.getMany(others)
    store.calls.length = 0
    return { cache, store }
  }

  it('are read in one round trip, each key once', async () => {
    const { cache, store } = await counted()
    await cache.getMany([...keys, ...keys])
    expect(store.calls).toHaveLength(1)
    expect(store.calls[0]).toMatchObject({ op: 'getMany' })
    expect(new Set(store.calls[0]?.keys).size).toBe(keys.length)
    expect(store.calls[0]?.keys).toHaveLength(keys.length)
  })

  it('are deleted in one round trip', async () => {
    const { cache, store } = await counted()
    await cache.deleteMany(keys)
    expect(store.calls.map(({ op }) => op)).toEqual(['deleteMany'])
  })

  it('that different callers of one tick ask for share one round trip', async () => {
    const { cache, store } = await counted()
    await cache.setMany(keys.map(key => [key, key]))
    store.calls.length = 0
    const values = await Promise.all(keys.map(key => cache.getOrSet(key, () => 'loaded')))
    expect(values).toEqual(keys)
    expect(store.calls.map(({ op }) => op)).toEqual(['getMany'])
  })

  it('of one are a plain get', async () => {
    const { cache, store } = await counted()
    await cache.set('a', 1)
    store.calls.length = 0
    expect(await cache.getOrSet('a', () => 2)).toBe(1)
    expect(store.calls.map(({ op }) => op)).toEqual(['get'])
  })

  it('cost a miss a get, an add and a replace, and a hit one get', async () => {
    const { cache, store } = await counted()
    await cache.getOrSet('a', () => 1)
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'add', 'replace'])
    await cache.getOrSet('a', () => 1)
    expect(store.calls.map(({ op }) => op).slice(3)).toEqual(['get'])
  })
})
