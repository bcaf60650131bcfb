import { createCache, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Server, startMemcached, startRedis } from '../servers/index.js'
import { cutOff, fates } from './cut-off.js'
import { faultyCache } from './faulty-cache.js'
import { settled } from './settled.js'

describe('increment on a store that fails', () => {
  it('rejects with what the client threw, and counts nothing', async () => {
    const { cache, store, trace } = faultyCache()
    await cache.increment('a', 5)
    trace.events.length = 0
    const cause = new Error('connection reset')
    store.fail(cause, { ops: ['increment'], times: 1 })
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_STORE', cause })
    expect(trace.lines('operation')).toEqual(['store-error operation=increment'])
    expect(await cache.get('a')).toBe(5)
    expect(await cache.increment('a')).toBe(6)
  })

  it('rejects after one deadline where it gets no answer, and does not ask twice', async () => {
    const { cache, store, clock, trace } = faultyCache()
    store.drop('increment')
    const counting = cache.increment('a')
    const done = settled(counting)
    await clock.advance(199)
    expect(done()).toBe(false)
    await clock.advance(1)
    await expect(counting).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    expect(store.calls.map(({ op }) => op)).toEqual(['increment'])
    expect(trace.types()).toEqual(['store-error'])
    store.heal()
    // It was counted, as the documentation says it may have been.
    expect(await cache.get('a')).toBe(1)
  })

  it('rejects at once while the breaker is open, having sent nothing', async () => {
    const { cache, store, clock, trace } = faultyCache({ breaker: { failures: 2, probeEvery: 500 } })
    store.fail()
    for (const _ of [1, 2]) {
      await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    }
    store.calls.length = 0
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(store.calls).toEqual([])
    store.heal()
    await clock.advance(500)
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    await clock.advance(0)
    expect(await cache.increment('a')).toBe(1)
    expect(trace.lines('state').filter(line => line.startsWith('breaker'))).toEqual([
      'breaker state=open',
      'breaker state=closed',
    ])
  })

  it('has nothing to do with the breaker where the key holds no counter', async () => {
    const { cache, trace } = faultyCache({ breaker: { failures: 1 } })
    await cache.set('a', 'value')
    for (let call = 0; call < 5; call++) {
      await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    }
    expect(trace.types()).toEqual(['set'])
    expect(await cache.increment('b')).toBe(1)
  })

  it.each(['get', 'delete'] as const)(
    'rejects where a dead value stands in the way and the %s that would find out fails',
    async operation => {
      const { cache, store } = faultyCache()
      await cache.set('a', 'value', { tags: ['t'] })
      await cache.deleteTags(['t'])
      store.fail(undefined, { ops: [operation] })
      await expect(cache.increment('a')).rejects.toMatchObject({
        code: operation === 'get' ? 'ERR_CACHE_COUNTER' : 'ERR_CACHE_STORE',
      })
      store.heal()
      expect(await cache.increment('a')).toBe(1)
    },
  )

  it('rejects once the cache is closed', async () => {
    const { cache } = faultyCache()
    await cache.close()
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  })
})

describe('increment of a key whose invalidation the store has not taken', () => {
  it('rejects, though the store answers, until it has taken that; then it counts from new', async () => {
    const { cache, store, clock, trace } = cutOff()
    await cache.increment('a', 5)
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    store.heal()
    store.calls.length = 0
    await expect(cache.increment('a')).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringMatching(/^'a' can't be changed in memory: it has not taken an invalidation/),
    })
    expect(store.calls).toEqual([])
    expect(await cache.increment('b')).toBe(1)
    await clock.advance(100)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await cache.increment('a')).toBe(1)
  })

  it('rejects under a prefix that was to be cleared', async () => {
    const { cache, store, clock } = cutOff()
    const pages = cache.namespace('pages')
    await pages.increment('a', 5)
    store.fail()
    expect(await pages.clear()).toBe(false)
    store.heal()
    await expect(pages.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(await cache.increment('a')).toBe(1)
    await clock.advance(100)
    expect(await pages.increment('a')).toBe(1)
  })

  it('is kept in mind for as long as a counter may live', async () => {
    const { cache, store, clock, other, trace } = cutOff({ ttl: '1s' })
    await cache.increment('a', 5, { ttl: '1h' })
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    await clock.advance(1_800_000)
    expect(fates(trace)).toEqual(['queued delete key a'])
    expect(await other.get('a')).toBe(5)
    store.heal()
    await clock.advance(1_000)
    expect(await other.get('a')).toBeUndefined()
  })
})

const kinds: { name: string; start: () => Promise<Server>; open: (address: string) => RemoteStore }[] = [
  { name: 'redis', start: startRedis, open: address => redisStore(`redis://${address}`) },
  { name: 'memcached', start: startMemcached, open: address => memcachedStore(`memcached://${address}`) },
]

describe.each(kinds)('increment on a $name', ({ start, open }) => {
  async function running() {
    const server = await start()
    const cache = createCache({ store: open(server.address), breaker: { failures: 2, probeEvery: 50 } })
    onTestFinished(async () => {
      server.thaw()
      await cache.close()
      await server.stop()
    })
    await cache.ready({ timeout: '10s' })
    await expect.poll(() => cache.increment('a').catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(0)
    return { server, cache }
  }

  /** Those that say that nobody knows, or that it was not sent. */
  const UNCOUNTED = /^ERR_CACHE_(?:STORE|TIMEOUT|UNAVAILABLE)$/

  it('that was killed rejects, and counts again from new when it is back', async () => {
    const { server, cache } = await running()
    await server.kill()
    for (let call = 0; call < 6; call++) {
      await expect(cache.increment('a')).rejects.toMatchObject({ code: expect.stringMatching(UNCOUNTED) })
    }
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    await server.restart()
    await expect
      .poll(() => cache.increment('a', 0, { initial: 7 }).catch(() => 0), { timeout: 15_000, interval: 50 })
      .toBe(7)
  })

  it('that is frozen rejects, and what was not answered was counted at most once', async () => {
    const { server, cache } = await running()
    const before = await cache.increment('a', 0)
    server.freeze()
    const calls = Array.from({ length: 4 }, () => cache.increment('a'))
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: expect.stringMatching(UNCOUNTED) })
    }
    server.thaw()
    await expect
      .poll(() => cache.increment('a', 0).catch(() => -1), { timeout: 15_000, interval: 50 })
      .toBeGreaterThanOrEqual(before)
    expect(await cache.get('a')).toBeLessThanOrEqual(before + calls.length)
  })
})
