import type { CacheError } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const never = () => new Promise<string>(() => {})

describe.each(backends)('The hardTimeout on $name', backend => {
  /** Lets real servers answer: until the loader has been called no time may pass. */
  async function started(begin: (load: () => Promise<string>) => Promise<unknown>) {
    let signal: AbortSignal | undefined
    let promise: Promise<unknown> = Promise.resolve()
    await new Promise<void>(resolve => {
      promise = begin((...args: unknown[]) => {
        signal = (args[0] as { signal: AbortSignal }).signal
        resolve()
        return never()
      })
    })
    return { outcome: promise.catch((error: unknown) => error), signal: signal as AbortSignal }
  }

  it('rejects a load that takes longer, and aborts its signal', async () => {
    const { cache, clock, trace } = observedCache(backend, { hardTimeout: 1_000 })
    const { outcome, signal } = await started(load => cache.getOrSet('a', load))
    const done = settled(outcome)
    await clock.advance(999)
    expect(done()).toBe(false)
    expect(signal.aborted).toBe(false)
    await clock.advance(1)
    const error = (await outcome) as CacheError
    expect(error).toMatchObject({
      code: 'ERR_CACHE_LOAD_TIMEOUT',
      message: "loading 'a' took longer than its hardTimeout of 1000 ms",
    })
    expect(signal.reason).toBe(error)
    expect(trace.types()).toEqual(['miss', 'load-error'])
  })

  it('is a minute by default, and can be set by call', async () => {
    const { cache, clock } = observedCache(backend)
    const byDefault = await started(load => cache.getOrSet('a', load))
    const byCall = await started(load => cache.getOrSet('b', load, { hardTimeout: '1s' }))
    await clock.advance(1_000)
    expect(byDefault.signal.aborted).toBe(false)
    expect(await byCall.outcome).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    await clock.advance(59_000)
    expect(await byDefault.outcome).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
  })

  it('lets a stale value stand in', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 100, grace: '1h', hardTimeout: 1_000 })
    await cache.set('a', 'old')
    await clock.advance(100)
    const { outcome } = await started(load => cache.getOrSet('a', load))
    await clock.advance(1_000)
    expect(await outcome).toBe('old')
  })

  it('leaves no claim behind', async () => {
    const { cache, clock } = observedCache(backend, { hardTimeout: 1_000 })
    const { outcome } = await started(load => cache.getOrSet('a', load))
    await clock.advance(1_000)
    await outcome
    // The claim is released by who waits no longer: real servers take a moment.
    await expect.poll(() => cache.getOrSet('a', () => 'next').then(() => cache.get('a'))).toBe('next')
  })

  it('keeps what comes too late from being stored', async () => {
    const { cache, clock } = observedCache(backend, { hardTimeout: 1_000 })
    let finish = (_: string) => {}
    const { outcome } = await started(load => {
      const late = new Promise<string>(resolve => {
        finish = resolve
      })
      return cache.getOrSet('a', context => {
        load.call(undefined, ...([context] as unknown as []))
        return late
      })
    })
    await clock.advance(1_000)
    expect(await outcome).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    finish('late')
    await clock.advance(0)
    expect(await cache.get('a')).toBeUndefined()
  })
})
