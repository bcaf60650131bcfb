import { warm } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it, vi } from 'vitest'
import { lru, memory, newPrefix, openCache } from '../backends.js'
import { inTime } from '../warm/in-time.js'
import { watchedSource } from '../warm/watched-source.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

const key = (id: number) => `row:${id}`

describe('A warming that is aborted', () => {
  it('begins nothing new, finishes the loads that have begun, and closes the source', async () => {
    const cache = openCache(lru)
    const source = watchedSource(50)
    const abort = new AbortController()
    const held = gate()
    const load = vi.fn(async (id: number) => {
      await held.passed
      return id
    })
    const warming = warm(cache, source, { key, load, concurrency: 4, signal: abort.signal })
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(4))
    abort.abort()
    held.open()
    expect(await warming).toMatchObject({ done: 4, loaded: 4, skipped: 0, failed: 0, stopped: true })
    expect(load).toHaveBeenCalledTimes(4)
    expect(source.closed).toBe(true)
    expect((await cache.getMany([0, 1, 2, 3, 4].map(key))).size).toBe(4)
  })

  it('is resumed by another one', async () => {
    const cache = openCache(lru)
    const abort = new AbortController()
    const load = vi.fn((id: number) => {
      if (id === 20) abort.abort()
      return id
    })
    const first = await warm(cache, watchedSource(50), { key, load, signal: abort.signal })
    expect(first.stopped).toBe(true)
    const second = await warm(cache, watchedSource(50), { key, load })
    expect(second).toMatchObject({ done: 50, skipped: first.done, loaded: 50 - first.done, stopped: false })
    expect(load).toHaveBeenCalledTimes(50)
  })

  it('begins nothing at all where the signal has aborted before', async () => {
    const source = watchedSource(5)
    const load = vi.fn(() => 1)
    const summary = await warm(openCache(lru), source, { key, load, signal: AbortSignal.abort() })
    expect(summary).toMatchObject({ done: 0, stopped: true })
    expect(source.pulled).toBe(0)
    expect(load).not.toHaveBeenCalled()
    expect(await source[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  it('has not been stopped when all that there was had begun', async () => {
    const abort = new AbortController()
    const held = gate()
    const source = watchedSource(3)
    const warming = warm(openCache(lru), source, { key, load: () => held.passed, signal: abort.signal })
    await vi.waitFor(() => expect(source.closed).toBe(true))
    abort.abort()
    held.open()
    expect(await warming).toMatchObject({ done: 3, loaded: 3, stopped: false })
  })

  it('leaves the loads of others, and turns that have not come', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 1 } })
    const prefix = newPrefix()
    const { cache, clock } = observedCache(memory, { prefix, guard })
    const there = openCache(memory, { prefix, clock })
    const [here, elsewhere] = [gate(), gate()]
    const theirs = there.getOrSet(key(0), () => elsewhere.passed)
    await clock.advance(10)
    const abort = new AbortController()
    const load = vi.fn(() => here.passed)
    const warming = warm(cache, [0, 1, 2], { key, load, signal: abort.signal, clock })
    await clock.advance(10)
    expect(load.mock.calls).toEqual([[1, expect.anything()]])
    abort.abort()
    here.open()
    expect(await inTime(clock, warming, 1)).toMatchObject({ done: 1, loaded: 1, stopped: true })
    await clock.advance(5_000)
    expect(load).toHaveBeenCalledTimes(1)
    elsewhere.open()
    await theirs
  })

  it('does not count a load that heeds the signal too', async () => {
    const abort = new AbortController()
    const onError = vi.fn()
    const load = vi.fn(
      () =>
        new Promise<never>((_, reject) =>
          abort.signal.addEventListener('abort', () => reject(abort.signal.reason)),
        ),
    )
    const warming = warm(openCache(lru), [1, 2, 3], {
      key,
      load,
      signal: abort.signal,
      concurrency: 2,
      onError,
    })
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2))
    abort.abort()
    expect(await warming).toMatchObject({ done: 0, failed: 0, stopped: true })
    expect(onError).not.toHaveBeenCalled()
  })

  it('counts a load that fails afterwards, and resolves all the same', async () => {
    const abort = new AbortController()
    const held = gate()
    const load = vi.fn(async () => {
      await held.passed
      throw new Error('canceled on request')
    })
    const warming = warm(openCache(lru), [1, 2], { key, load, signal: abort.signal, concurrency: 1 })
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1))
    abort.abort()
    held.open()
    expect(await warming).toMatchObject({ done: 1, failed: 1, stopped: true })
  })

  it('waits for the next item of its source, whose end by the same signal is no failure', async () => {
    const abort = new AbortController()
    const source = watchedSource(
      3,
      index =>
        index === 2 &&
        new Promise((_, reject) => abort.signal.addEventListener('abort', () => reject(abort.signal.reason))),
    )
    const warming = warm(openCache(lru), source, { key, load: id => id, signal: abort.signal })
    await vi.waitFor(() => expect(source.pulled).toBe(2))
    abort.abort()
    expect(await warming).toMatchObject({ done: 2, loaded: 2, stopped: true })
    expect(source.closed).toBe(true)
  })

  it('leaves no listener on the signal and none on the cache', async () => {
    const abort = new AbortController()
    const cache = openCache(lru)
    const [add, remove] = [
      vi.spyOn(abort.signal, 'addEventListener'),
      vi.spyOn(abort.signal, 'removeEventListener'),
    ]
    const off = vi.fn()
    vi.spyOn(cache, 'on').mockReturnValue(off)
    await warm(cache, watchedSource(30), { key, load: id => id, signal: abort.signal })
    expect(add).toHaveBeenCalledTimes(1)
    expect(remove).toHaveBeenCalledTimes(1)
    expect(off).toHaveBeenCalledTimes(1)
  })
})

describe('warm under limitLoads', () => {
  it('waits while there is no room, and gets everything loaded', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 2, queue: 0 } })
    const { cache, clock, trace } = observedCache(lru, { guard })
    let running = 0
    let most = 0
    const load = vi.fn(async (id: number) => {
      most = Math.max(most, ++running)
      await clock.sleep(100)
      running--
      return id
    })
    const warming = warm(cache, watchedSource(20), { key, load, clock })
    expect(await inTime(clock, warming)).toMatchObject({ done: 20, loaded: 20, failed: 0 })
    expect(trace.types()).toContain('load-refused')
    expect(most).toBe(2)
    expect(load).toHaveBeenCalledTimes(20)
  })

  it('loads also what has a stale value to stand in', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 1, queue: 0 } })
    const { cache, clock } = observedCache(lru, { guard, ttl: '1m', grace: '1h' })
    const old = warm(cache, watchedSource(10), { key, load: () => 'old', clock })
    await inTime(clock, old)
    await clock.advance(90_000)
    const load = async () => {
      await clock.sleep(20)
      return 'new'
    }
    const warming = warm(cache, watchedSource(10), { key, load, clock })
    expect(await inTime(clock, warming)).toMatchObject({ done: 10, loaded: 10 })
    expect(await cache.get(key(9))).toBe('new')
  })

  it('stops waiting when it is aborted', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 1, queue: 0 } })
    const { cache, clock } = observedCache(lru, { guard })
    const held = gate()
    const busy = cache.getOrSet('busy', () => held.passed)
    await clock.advance(0)
    const timers = clock.pending
    const abort = new AbortController()
    const load = vi.fn(() => 1)
    const warming = warm(cache, [1, 2], { key, load, signal: abort.signal, clock })
    await clock.advance(5_000)
    abort.abort()
    expect(await warming).toMatchObject({ done: 0, stopped: true })
    expect(load).not.toHaveBeenCalled()
    expect(clock.pending).toBe(timers)
    held.open()
    await busy
  })
})
