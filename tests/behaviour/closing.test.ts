import { type CacheError, createCache, type RemoteStore } from '@lookaside/core'
import { faultyStore, memoryRemoteStore } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { remoteBackends } from '../backends.js'
import { faultyCache } from './faulty-cache.js'
import { gate } from './gate.js'
import { settled } from './settled.js'

describe('Closing a cache', () => {
  it('waits for a load that is under way, stores its value, and then closes the store', async () => {
    const { cache, clock, store } = faultyCache()
    const [begun, ending] = [gate(), gate()]
    const loading = cache.getOrSet('a', async () => {
      begun.open()
      await ending.passed
      return 'loaded'
    })
    await begun.passed
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(1_000)
    expect(closed()).toBe(false)
    ending.open()
    expect(await loading).toBe('loaded')
    await closing
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'add', 'replace', 'close'])
  })

  it('aborts after 5 seconds what is still loading', async () => {
    const { cache, clock, store } = faultyCache()
    const begun = gate()
    let loaderSignal: AbortSignal | undefined
    const outcome = cache
      .getOrSet('a', ({ signal }) => {
        loaderSignal = signal
        begun.open()
        return new Promise(() => {})
      })
      .catch((error: CacheError) => error)
    await begun.passed
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(4_999)
    expect(closed()).toBe(false)
    expect(loaderSignal?.aborted).toBe(false)
    await clock.advance(1)
    await closing
    expect(await outcome).toMatchObject({
      code: 'ERR_CACHE_CLOSED',
      message: "the cache was closed while 'a' was loading",
    })
    expect(loaderSignal?.aborted).toBe(true)
    // The claim does not stay behind for others to wait for.
    expect(store.calls.map(({ op }) => op).slice(-2)).toEqual(['delete', 'close'])
  })

  it('waits 5 seconds at most for a store that does not close, and tells', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang('close')
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(4_999)
    expect(closed()).toBe(false)
    await clock.advance(1)
    expect(closed()).toBe(true)
    await closing
    expect(trace.lines('operation')).toEqual(['store-error operation=close'])
    expect(trace.events[0]).toMatchObject({ error: { code: 'ERR_CACHE_TIMEOUT' } })
  })

  it('survives a store that fails to close', async () => {
    const { cache, store, trace } = faultyCache()
    store.fail(new Error('socket gone'), 'close')
    expect(await cache.close()).toBeUndefined()
    expect(trace.lines('operation')).toEqual(['store-error operation=close'])
  })

  it('twice, or by a namespace, closes the store once', async () => {
    const { cache, store } = faultyCache()
    await Promise.all([cache.close(), cache.namespace('users').close()])
    await cache.close()
    expect(store.calls.map(({ op }) => op)).toEqual(['close'])
  })

  it('leaves the store open as long as another cache uses it', async () => {
    const store = faultyStore(memoryRemoteStore())
    const [first, second] = [createCache({ store, prefix: 'a' }), createCache({ store, prefix: 'b' })]
    await first.close()
    await first.close()
    expect(await second.set('k', 1)).toBe(true)
    expect(store.calls.map(({ op }) => op)).toEqual(['set'])
    await second.close()
    expect(store.calls.at(-1)?.op).toBe('close')
  })

  it('sets no timer that outlives it', async () => {
    const { cache, clock } = faultyCache()
    await cache.getOrSet('a', () => 1)
    await cache.close()
    expect(clock.pending).toBe(0)
  })
})

describe.each(remoteBackends)('A closed cache on $name', backend => {
  it('answers as if its store were down: loaders run, writes say that they were not stored', async () => {
    const store = faultyStore(backend.openStore() as RemoteStore)
    const cache = createCache({ store, storeTimeout: '5s', breaker: false })
    await cache.close()
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.set('a', 1)).toBe(false)
    expect(await cache.delete('a')).toBe(false)
    await expect(cache.getOrSet('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    await expect(cache.ready()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })
})
