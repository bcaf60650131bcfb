import type { RemoteStore } from '@lookaside/core'
import { faultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { backends, memory } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('Statistics on $name', backend => {
  it('begin at zero', () => {
    const { cache } = observedCache(backend)
    const { loadTime, remoteTime, ...counters } = cache.stats()
    expect(counters).toEqual({
      hits: { local: 0, remote: 0 },
      ...{ staleHits: 0, misses: 0, sharedLoads: 0, loads: 0, loadErrors: 0, commits: 0, commitsRejected: 0 },
      ...{ invalidations: 0, storeErrors: 0, hitRate: 0 },
    })
    expect(loadTime.count).toBe(0)
    expect(remoteTime.count).toBe(0)
  })

  it('count what happened, and measure loads by the clock', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 1_000 })
    const fails = () => Promise.reject(new Error('down'))
    await cache.getOrSet('a', () => clock.advance(50))
    await cache.getOrSet('a', () => 1)
    await cache.get('a')
    await cache.get('absent')
    await clock.advance(1_000)
    await cache.getOrSet('a', fails)
    await cache.getOrSet('b', fails).catch(() => {})
    await cache.getOrSet('b', () => cache.delete('b'))
    await cache.deleteMany(['a', 'b', 'c'])
    const stats = cache.stats()
    expect(stats).toMatchObject({
      hits: backend.kind === 'local' ? { local: 2, remote: 0 } : { local: 0, remote: 2 },
      ...{ staleHits: 1, misses: 5, loads: 2, loadErrors: 2, commits: 1, commitsRejected: 1 },
      ...{ invalidations: 4, storeErrors: 0 },
    })
    expect(stats.hitRate).toBeCloseTo(2 / 7)
    expect(stats.loadTime).toMatchObject({ count: 2, max: 50 })
    expect(stats.remoteTime.count > 0).toBe(backend.kind === 'remote')
  })

  it('are a snapshot', async () => {
    const { cache } = observedCache(backend)
    const before = cache.stats()
    await cache.get('a')
    expect(before.misses).toBe(0)
    expect(cache.stats().misses).toBe(1)
  })
})

describe('Statistics of store errors', () => {
  it('count each call that failed', async () => {
    const clock = new ManualClock()
    const store = faultyStore(memory.openStore(clock) as RemoteStore)
    const { cache } = observedCache(memory, { store, clock })
    store.fail(new Error('connection reset'), 'get')
    await cache.get('a')
    await cache.get('b')
    expect(cache.stats()).toMatchObject({ storeErrors: 2, misses: 2 })
  })
})
