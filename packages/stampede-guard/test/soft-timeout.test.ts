import type { LoadContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, singleFlight, staleWhileRevalidate } from '../src/index.js'

const guard = composeGuards(staleWhileRevalidate({ softTimeout: 100 }), singleFlight(), claimed())

/** A cache with a value that has just gone stale, and a loader that returns when the test says so. */
async function stale(backend: Backend, options: Parameters<typeof observedCache>[1] = {}) {
  const observed = observedCache(backend, { guard, ttl: 1_000, grace: 1_000, ...options })
  await observed.cache.set('a', 'old')
  await observed.clock.advance(1_000)
  observed.trace.events.length = 0
  const held = heldLoad<string>()
  return { ...observed, held, load: vi.fn((_: LoadContext) => held.load()) }
}

describe.each([lru, memory])('A softTimeout on $name', backend => {
  it('is how long a caller waits before it is served stale; the load goes on and is stored', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const call = cache.getOrSet('a', load)
    const done = settled(call)
    await clock.advance(99)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await call).toBe('old')
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    await clock.advance(400)
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
    expect(trace.lines('stale', 'reason', 'duration')).toEqual([
      'miss stale=true',
      'hit stale=true',
      'load reason=stale duration=500',
      'commit',
      'hit stale=false',
    ])
  })

  it('is not waited out when the fresh value comes sooner: all get that, and none is counted stale', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const calls = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    await clock.advance(99)
    expect(load.mock.calls[0]?.[0].background).toBe(false)
    held.finish('new')
    expect(await Promise.all(calls)).toEqual(['new', 'new'])
    expect(trace.types()).toEqual(['miss', 'miss', 'load', 'commit'])
    expect(cache.stats().staleHits).toBe(0)
    await clock.advance(0)
    expect(clock.pending).toBe(0)
  })

  it('is not waited out when the load fails sooner: all are served stale at once', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const calls = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    const done = settled(Promise.all(calls))
    await clock.advance(50)
    held.fail(new Error('the database is down'))
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await Promise.all(calls)).toEqual(['old', 'old'])
    expect(trace.lines('stale')).toEqual([
      'miss stale=true',
      'miss stale=true',
      'load-error',
      'hit stale=true',
      'hit stale=true',
    ])
  })

  it('leaves a load that fails later to the events', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const call = cache.getOrSet('a', load)
    await clock.advance(100)
    expect(await call).toBe('old')
    const error = new Error('the database is down')
    held.fail(error)
    await clock.advance(0)
    expect(trace.events.slice(2)).toEqual([
      { type: 'load-error', key: 'a', reason: 'stale', error },
      { type: 'background-error', key: 'a', error },
    ])
  })

  it('serves nobody a value that has died while they waited', async () => {
    const { cache, clock, held, load } = await stale(backend)
    await clock.advance(900)
    const call = cache.getOrSet('a', load)
    const done = settled(call)
    // To the very millisecond of its death.
    await clock.advance(100)
    expect(done()).toBe(false)
    held.finish('new')
    expect(await call).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('is nothing to callers without a stale value, or who force a refresh', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const calls = [cache.getOrSet('b', load), cache.getOrSet('a', load, { refresh: true })]
    const done = settled(Promise.race(calls))
    await clock.advance(10_000)
    expect(done()).toBe(false)
    held.finish('loaded')
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
  })

  it('of a passenger that is shorter than that of who began the flight ends only the passenger’s wait', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const starter = cache.getOrSet('a', load, { softTimeout: 500 })
    await clock.advance(200)
    const passenger = cache.getOrSet('a', load, { softTimeout: 50 })
    const [starterDone, passengerDone] = [settled(starter), settled(passenger)]
    await clock.advance(49)
    expect(passengerDone()).toBe(false)
    await clock.advance(1)
    expect(passengerDone()).toBe(true)
    expect(await passenger).toBe('old')
    expect(starterDone()).toBe(false)
    held.finish('new')
    expect(await starter).toBe('new')
    expect(trace.lines('stale')).toEqual([
      'miss stale=true',
      'miss stale=true',
      'hit stale=true',
      'load',
      'commit',
    ])
  })

  it('of 0 for a passenger serves it at once while who began the flight waits', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const starter = cache.getOrSet('a', load)
    await held.begun
    const passenger = cache.getOrSet('a', load, { softTimeout: 0 })
    const [starterDone, passengerDone] = [settled(starter), settled(passenger)]
    await clock.advance(0)
    expect([starterDone(), passengerDone()]).toEqual([false, true])
    expect(await passenger).toBe('old')
    await clock.advance(100)
    expect(await starter).toBe('old')
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('that a passenger waits out does not keep the flight alive for it: only the last to leave aborts', async () => {
    const { cache, clock, held, load } = await stale(backend)
    const caller = new AbortController()
    const starter = cache.getOrSet('a', load, { softTimeout: '1m', signal: caller.signal })
    const left = expect(starter).rejects.toThrow('gone')
    await held.begun
    const passenger = cache.getOrSet('a', load)
    await clock.advance(100)
    expect(await passenger).toBe('old')
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    caller.abort(new Error('gone'))
    await left
    expect(load.mock.calls[0]?.[0].signal.reason).toMatchObject({ name: 'AbortError' })
  })

  it('that is longer than the hardTimeout never comes: the stale value stands in then', async () => {
    const { cache, clock, trace, held, load } = await stale(backend, { hardTimeout: 60 })
    const call = cache.getOrSet('a', load)
    const done = settled(call)
    await clock.advance(59)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(await call).toBe('old')
    expect(load.mock.calls[0]?.[0].signal.reason).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    held.finish('too late')
    await clock.advance(1_000)
    expect(trace.types()).toEqual(['miss', 'load-error', 'hit'])
  })

  it('lets the load be stored although the old value has died meanwhile', async () => {
    const { cache, clock, held, load } = await stale(backend)
    await clock.advance(800)
    const served = cache.getOrSet('a', load)
    await clock.advance(100)
    expect(await served).toBe('old')
    await clock.advance(200)
    const waiting = cache.getOrSet('a', load)
    const done = settled(waiting)
    await clock.advance(3_000)
    expect(done()).toBe(false)
    held.finish('new')
    expect(await waiting).toBe('new')
    expect(await cache.get('a')).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('stores nothing of a load during which the key was deleted', async () => {
    const { cache, clock, trace, held, load } = await stale(backend)
    const served = cache.getOrSet('a', load)
    await clock.advance(100)
    expect(await served).toBe('old')
    await cache.delete('a')
    held.finish('older')
    await clock.advance(0)
    expect(trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    expect((await cache.lookup('a')).state).toBe('miss')
  })
})
