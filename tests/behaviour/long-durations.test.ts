import { type CacheError, createCache, type RemoteStore, systemClock } from '@lookaside/core'
import { faultyStore } from '@lookaside/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memory } from '../backends.js'
import { settled } from './settled.js'

const DAY = 24 * 60 * 60_000
const DAYS_30 = 30 * DAY
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

describe('A duration of more than 2^31 ms', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([2 ** 31 - 1, 2 ** 31, DAYS_30, 3 * 2 ** 31])('as a timer of %i ms fires then, once', async ms => {
    const fired = vi.fn()
    systemClock.timer(ms, fired)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(fired).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(fired).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('as a timer can be called off, before and after its first 24.8 days', async () => {
    const fired = vi.fn()
    const [early, late] = [systemClock.timer(DAYS_30, fired), systemClock.timer(DAYS_30, fired)]
    early()
    await vi.advanceTimersByTimeAsync(26 * DAY)
    late()
    await vi.advanceTimersByTimeAsync(10 * DAY)
    expect(fired).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('as hardTimeout ends a load then, and not at once', async () => {
    const cache = createCache({ store: memory.openStore(), hardTimeout: '30d', claimTtl: '90d' })
    const outcome = cache.getOrSet('a', () => new Promise(() => {})).catch((error: CacheError) => error)
    const done = settled(outcome)
    await turn()
    await vi.advanceTimersByTimeAsync(DAYS_30 - 1)
    expect(done()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
  })

  it('as storeTimeout ends a call then, and not at once', async () => {
    const store = faultyStore(memory.openStore() as RemoteStore)
    const cache = createCache({ store, storeTimeout: '30d' })
    store.hang('get')
    const reading = cache.get('a')
    const done = settled(reading)
    await turn()
    await vi.advanceTimersByTimeAsync(DAYS_30 - 1)
    await turn()
    expect(done()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await reading).toBeUndefined()
    expect(cache.stats().storeErrors).toBe(1)
  })
})
