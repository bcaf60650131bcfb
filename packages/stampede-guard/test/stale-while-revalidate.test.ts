import type { CacheError, LoadContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, singleFlight, staleWhileRevalidate } from '../src/index.js'

const guard = composeGuards(staleWhileRevalidate(), singleFlight(), claimed())

/** A loader that returns when the test says so. */
function heldLoader() {
  const held = heldLoad<string>()
  return { held, load: vi.fn((_: LoadContext) => held.load()) }
}

/** A cache with a value that has just gone stale, and is dead 1000 ms later. */
async function stale(backend: Backend, options: Parameters<typeof observedCache>[1] = {}) {
  const observed = observedCache(backend, { guard, ttl: 1_000, grace: 1_000, ...options })
  await observed.cache.set('a', 'old')
  await observed.clock.advance(1_000)
  observed.trace.events.length = 0
  return { ...observed, ...heldLoader() }
}

describe.each([lru, memory])('staleWhileRevalidate on $name', backend => {
  it('serves the stale value at once, and stores the fresh one when its load is done', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await held.begun
    expect(load.mock.calls[0]?.[0]).toMatchObject({ background: true, previous: 'old' })
    held.finish('new')
    await clock.advance(0)
    expect(await cache.getOrSet('a', load)).toBe('new')
    expect(trace.lines('stale', 'reason')).toEqual([
      'miss stale=true',
      'hit stale=true',
      'load reason=stale',
      'commit',
      'hit stale=false',
    ])
  })

  it('serves a hundred callers of one moment, and refreshes once', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('a', load))
    expect(await Promise.all(calls)).toEqual(Array(100).fill('old'))
    await clock.advance(0)
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    expect(cache.stats()).toMatchObject({ staleHits: 100, loads: 1, sharedLoads: 0, commits: 1 })
  })

  it('serves later callers too while the refresh runs, until the value dies, without another load', async () => {
    const { cache, clock, held, load } = await stale(backend)
    for (let caller = 1; caller <= 10; caller++) {
      expect(await cache.getOrSet('a', load)).toBe('old')
      await clock.advance(98)
    }
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('lets callers wait who have nothing stale, and tells the loader so', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const call = cache.getOrSet('b', load)
    const done = settled(call)
    await clock.advance(500)
    expect(done()).toBe(false)
    expect(load.mock.calls[0]?.[0].background).toBe(false)
    held.finish('loaded')
    expect(await call).toBe('loaded')
  })

  it('serves a value up to the last millisecond of its grace, and none that has died', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    await clock.advance(999)
    expect(await cache.getOrSet('a', () => Promise.reject(new Error('down')))).toBe('old')
    await clock.advance(1)
    trace.events.length = 0
    const call = cache.getOrSet('a', load)
    await held.begun
    held.finish('new')
    expect(await call).toBe('new')
    expect(trace.lines('stale', 'reason')).toEqual(['miss stale=false', 'load reason=miss', 'commit'])
  })

  it('stores a refresh that outlives the old value; who asks after its death waits for it', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    await clock.advance(500)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await clock.advance(600)
    const waiting = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    const done = settled(Promise.race(waiting))
    await clock.advance(10_000)
    expect(done()).toBe(false)
    held.finish('new')
    expect(await Promise.all(waiting)).toEqual(['new', 'new'])
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.get('a')).toBe('new')
    expect(trace.types()).toEqual(['miss', 'hit', 'miss', 'miss', 'load', 'commit', 'hit'])
  })

  it('tells of a failing refresh by events, and lets the next caller start another', async () => {
    const { cache, clock, trace } = await stale(backend)
    const error = new Error('the database is down')
    expect(await cache.getOrSet('a', () => Promise.reject(error))).toBe('old')
    await clock.advance(0)
    expect(trace.events).toEqual([
      { type: 'miss', key: 'a', stale: true },
      { type: 'hit', key: 'a', tier: backend.kind, stale: true },
      { type: 'load-error', key: 'a', reason: 'stale', error },
      { type: 'background-error', key: 'a', error },
    ])
    expect(await cache.getOrSet('a', () => 'new')).toBe('old')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('aborts a refresh at the hardTimeout of the call that began it', async () => {
    const { cache, clock, trace, held, load } = await stale(backend, { grace: '1h' })
    expect(await cache.getOrSet('a', load, { hardTimeout: 3_000 })).toBe('old')
    await held.begun
    await clock.advance(2_999)
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    await clock.advance(1)
    expect(load.mock.calls[0]?.[0].signal.reason).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(trace.types().slice(2)).toEqual(['load-error', 'background-error'])
    held.finish('too late')
    await clock.advance(0)
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'old' })
  })

  it('rejects who waits for a refresh that runs into its hardTimeout after the old value has died', async () => {
    const { cache, clock, held, load } = await stale(backend, { hardTimeout: 3_000 })
    expect(await cache.getOrSet('a', load)).toBe('old')
    await held.begun
    await clock.advance(1_500)
    const waiting = cache.getOrSet('a', load).catch((error: CacheError) => error)
    await clock.advance(1_499)
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    await clock.advance(1)
    expect(await waiting).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('serves nobody who forces a refresh', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const forced = cache.getOrSet('a', load, { refresh: true })
    const done = settled(forced)
    await clock.advance(500)
    expect(done()).toBe(false)
    expect(load.mock.calls[0]?.[0].background).toBe(false)
    held.finish('new')
    expect(await forced).toBe('new')
  })

  it('refreshes what was expired, and stores nothing over what was deleted or set meanwhile', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    await cache.set('a', 'valid')
    await cache.expire('a')
    expect(await cache.getOrSet('a', load)).toBe('valid')
    await held.begun
    await cache.delete('a')
    expect(await cache.getOrSet('a', () => 'newer')).toBe('newer')
    held.finish('older')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('newer')
    expect(trace.types()).toContain('commit-rejected')
  })

  it('has close() wait for the refresh, and store it', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await held.begun
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(4_999)
    expect(closed()).toBe(false)
    held.finish('new')
    await closing
    expect(trace.types()).toEqual(['miss', 'hit', 'load', 'commit'])
    expect(clock.pending).toBe(0)
  })

  it('has close() abort a refresh after 5 seconds, and no sooner', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await held.begun
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(4_999)
    expect(closed()).toBe(false)
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    await clock.advance(1)
    await closing
    expect(load.mock.calls[0]?.[0].signal.reason).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect(trace.types()).toEqual(['miss', 'hit', 'load-error', 'background-error'])
    expect(clock.pending).toBe(0)
  })
})
