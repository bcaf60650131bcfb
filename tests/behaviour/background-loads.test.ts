import type { CacheError, Guard, LoadContext } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { lru, memory } from '../backends.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

/** Answers with what is present, and loads behind its back. */
const staleWhileRevalidate: Guard = {
  name: 'stale-while-revalidate',
  joins: true,
  async run(flight, next) {
    if (flight.present === undefined) return next(flight)
    flight.background(next(flight))
    return flight.present
  },
}

/** A loader that tells what it was told, and returns when the test says so. */
function heldLoader() {
  const [begun, ending] = [gate(), gate()]
  const told: LoadContext[] = []
  async function load(context: LoadContext): Promise<string> {
    told.push(context)
    begun.open()
    await ending.passed
    return 'new'
  }
  return { load, begun: begun.passed, end: ending.open, told }
}

describe.each([lru, memory])('A load that a guard left to the background on $name', backend => {
  /** A cache with a stale value, and the load of the first caller, who has been served it. */
  async function refreshing() {
    const observed = observedCache(backend, {
      ttl: 1_000,
      grace: '1d',
      hardTimeout: 3_000,
      guard: staleWhileRevalidate,
    })
    const { cache, clock, trace } = observed
    await cache.set('a', 'old')
    await clock.advance(1_000)
    trace.events.length = 0
    const loader = heldLoader()
    expect(await cache.getOrSet('a', loader.load)).toBe('old')
    await loader.begun
    return { ...observed, loader }
  }

  it('goes on after its caller was served, and is stored', async () => {
    const { cache, clock, trace, loader } = await refreshing()
    expect(loader.told[0]?.background).toBe(true)
    expect(loader.told[0]?.signal.aborted).toBe(false)
    loader.end()
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
    expect(trace.lines('stale', 'reason')).toEqual([
      'miss stale=true',
      'hit stale=true',
      'load reason=stale',
      'commit',
      'hit stale=false',
    ])
  })

  it('is aborted by the hard timeout, and told', async () => {
    const { cache, clock, trace, loader } = await refreshing()
    await clock.advance(2_999)
    expect(loader.told[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(loader.told[0]?.signal.reason).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(trace.types().slice(2)).toEqual(['load-error', 'background-error'])
    expect(await cache.getOrSet('a', () => 'next')).toBe('old')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('next')
  })

  it('is waited for by close, and aborted when it takes too long', async () => {
    const { cache, clock, loader } = await refreshing()
    // A load that does not end by its hard timeout first.
    const patient = heldLoader()
    await cache.set('b', 'old', { ttl: 1 })
    await clock.advance(1)
    await cache.getOrSet('b', patient.load, { hardTimeout: '1h' })
    await patient.begun
    loader.end()
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(4_999)
    expect(closed()).toBe(false)
    expect(patient.told[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(patient.told[0]?.signal.reason).toMatchObject({
      code: 'ERR_CACHE_CLOSED',
    } satisfies Partial<CacheError>)
    await closing
  })

  it('is not stored after a delete', async () => {
    const { cache, clock, trace, loader } = await refreshing()
    await cache.delete('a')
    trace.events.length = 0
    loader.end()
    await clock.advance(0)
    expect(trace.types()).toEqual(['load', 'commit-rejected'])
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('is not joined after a delete', async () => {
    const { cache, clock, loader } = await refreshing()
    await cache.delete('a')
    expect(await cache.getOrSet('a', () => 'newer')).toBe('newer')
    loader.end()
    await clock.advance(0)
    expect(await cache.get('a')).toBe('newer')
  })

  it('is the only one for callers who come one after another', async () => {
    const { cache, clock, trace, loader } = await refreshing()
    for (let caller = 2; caller <= 5; caller++) {
      expect(await cache.getOrSet('a', loader.load)).toBe('old')
      await clock.advance(10)
    }
    expect(loader.told).toHaveLength(1)
    expect(cache.stats()).toMatchObject({ staleHits: 5, misses: 5, loads: 0, hitRate: 0 })
    loader.end()
    await clock.advance(0)
    expect(cache.stats()).toMatchObject({ loads: 1, commits: 1, staleHits: 5 })
    expect(trace.types().filter(type => type === 'load')).toHaveLength(1)
    expect(await cache.getOrSet('a', loader.load)).toBe('new')
  })

  it('that fails is told as an event, and the next caller starts another', async () => {
    const { cache, clock, trace } = observedCache(backend, {
      ttl: 1_000,
      grace: '1d',
      guard: staleWhileRevalidate,
    })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    const error = new Error('the database is down')
    expect(await cache.getOrSet('a', () => Promise.reject(error))).toBe('old')
    await clock.advance(0)
    expect(trace.events).toContainEqual({ type: 'background-error', key: 'a', error })
    expect(await cache.getOrSet('a', () => 'new')).toBe('old')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('goes on when the last caller leaves before it was served', async () => {
    const { cache, clock } = observedCache(backend, {
      ttl: 1_000,
      grace: '1d',
      guard: {
        name: 'slow to answer',
        async run(flight, next) {
          if (flight.present === undefined) return next(flight)
          flight.background(next(flight))
          return new Promise(() => {})
        },
      },
    })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    const loader = heldLoader()
    const caller = new AbortController()
    const reason = new Error('the request was cancelled')
    const call = cache.getOrSet('a', loader.load, { signal: caller.signal })
    const left = expect(call).rejects.toBe(reason)
    await loader.begun
    caller.abort(reason)
    await left
    expect(loader.told[0]?.signal.aborted).toBe(false)
    loader.end()
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
    // The guard itself never ends; the hard timeout ends its flight.
    await clock.advance(60_000)
  })
})
