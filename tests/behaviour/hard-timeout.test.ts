import type { CacheError, LoadContext } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backends } from '../backends.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

/** A loader that tells when it has begun, and returns only when it is told to. */
function slowLoader() {
  const begun = gate()
  const ending = gate()
  const signals: AbortSignal[] = []
  async function load({ signal }: LoadContext): Promise<string> {
    signals.push(signal)
    begun.open()
    await ending.passed
    return 'late'
  }
  return { load, begun: begun.passed, end: ending.open, signals }
}

describe.each(backends)('The hardTimeout on $name', backend => {
  it('rejects a load that takes longer, and aborts its signal', async () => {
    const { cache, clock, trace } = observedCache(backend, { hardTimeout: 1_000 })
    const { load, begun, signals } = slowLoader()
    const outcome = cache.getOrSet('a', load).catch((error: CacheError) => error)
    const done = settled(outcome)
    await begun
    await clock.advance(999)
    expect(done()).toBe(false)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    const error = await outcome
    expect(error).toMatchObject({
      code: 'ERR_CACHE_LOAD_TIMEOUT',
      message: expect.stringContaining("loading 'a' took longer than its hardTimeout of 1000 ms"),
    })
    expect(signals[0]?.reason).toBe(error)
    expect(trace.types()).toEqual(['miss', 'load-error'])
  })

  it('aborts the signal of a loader that hides its parameter, whether it asks before or after', async () => {
    const { cache, clock } = observedCache(backend, { hardTimeout: 1_000 })
    const begun = gate()
    let told: LoadContext | undefined
    const hiding = (...args: [LoadContext]) => {
      told = { ...args[0] }
      begun.open()
      return new Promise<never>(() => {})
    }
    const outcome = cache.getOrSet('a', hiding).catch((error: CacheError) => error)
    await begun.passed
    expect(told).toMatchObject({ key: 'a', background: false })
    expect(told?.signal.aborted).toBe(false)
    let late: LoadContext | undefined
    const ending = gate()
    const asking = (...args: [LoadContext]) => {
      late = args[0]
      ending.open()
      return new Promise<never>(() => {})
    }
    const second = cache.getOrSet('b', asking).catch((error: CacheError) => error)
    await ending.passed
    await clock.advance(1_000)
    expect(told?.signal.reason).toBe(await outcome)
    expect(late?.signal.reason).toBe(await second)
  })

  it('is a minute by default, and can be set by call', async () => {
    const { cache, clock } = observedCache(backend)
    const [slow, slower] = [slowLoader(), slowLoader()]
    const byCall = cache.getOrSet('a', slow.load, { hardTimeout: '1s' }).catch((error: CacheError) => error)
    const byDefault = cache.getOrSet('b', slower.load).catch((error: CacheError) => error)
    await Promise.all([slow.begun, slower.begun])
    await clock.advance(1_000)
    expect(await byCall).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    await clock.advance(58_999)
    expect(slower.signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    expect(await byDefault).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
  })

  it('lets a stale value stand in', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 100, grace: '1h', hardTimeout: 1_000 })
    await cache.set('a', 'old')
    await clock.advance(100)
    const { load, begun } = slowLoader()
    const outcome = cache.getOrSet('a', load)
    await begun
    await clock.advance(1_000)
    expect(await outcome).toBe('old')
  })

  it('leaves no claim behind', async () => {
    const { cache, clock } = observedCache(backend, { hardTimeout: 1_000 })
    const { load, begun } = slowLoader()
    const outcome = cache.getOrSet('a', load).catch(() => 'rejected')
    await begun
    await clock.advance(1_000)
    expect(await outcome).toBe('rejected')
    // Nobody waits for the release of the claim; a real server takes a moment.
    await expect.poll(() => cache.getOrSet('a', () => 'next').then(() => cache.get('a'))).toBe('next')
  })

  it('keeps what comes too late from being stored', async () => {
    const { cache, clock } = observedCache(backend, { hardTimeout: 1_000 })
    const { load, begun, end } = slowLoader()
    const outcome = cache.getOrSet('a', load).catch(() => 'rejected')
    await begun
    await clock.advance(1_000)
    end()
    expect(await outcome).toBe('rejected')
    await cache.close()
    expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 1, commits: 0 })
  })
})
