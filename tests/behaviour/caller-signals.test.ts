import { getEventListeners } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { backends } from '../backends.js'
import { faultyCache } from './faulty-cache.js'
import { gate } from './gate.js'
import { joining } from './joining.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

describe.each(backends)('The signal of a caller on $name', backend => {
  it('that has aborted already rejects with its reason, and nothing is read or loaded', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'cached')
    trace.events.length = 0
    const load = vi.fn(() => 'loaded')
    const reason = new Error('gone')
    await expect(cache.getOrSet('a', load, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(load).not.toHaveBeenCalled()
    expect(trace.events).toEqual([])
  })

  it('frees the only caller at once, and aborts the load that nobody waits for any longer', async () => {
    const { cache } = observedCache(backend)
    const caller = new AbortController()
    const reason = new Error('the request was cancelled')
    let loaderSignal: AbortSignal | undefined
    const promise = cache.getOrSet(
      'a',
      ({ signal }) => {
        loaderSignal = signal
        caller.abort(reason)
        return new Promise(() => {})
      },
      { signal: caller.signal },
    )
    await expect(promise).rejects.toBe(reason)
    expect(loaderSignal?.aborted).toBe(true)
    expect(loaderSignal?.reason).toMatchObject({ name: 'AbortError' })
  })

  it('frees that caller alone: the load goes on for those who share it', async () => {
    const { cache } = observedCache(backend, { guard: joining })
    const [begun, ending] = [gate(), gate()]
    const leaving = new AbortController()
    let loaderSignal: AbortSignal | undefined
    const load = vi.fn(async ({ signal }: { signal: AbortSignal }) => {
      loaderSignal = signal
      begun.open()
      await ending.passed
      return 'loaded'
    })
    const first = cache.getOrSet('a', load, { signal: leaving.signal })
    await begun.passed
    const second = cache.getOrSet('a', load)
    // A read of its own shows the second caller the marker of the flight; then it is aboard.
    await cache.get('a')
    leaving.abort(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    expect(loaderSignal?.aborted).toBe(false)
    ending.open()
    expect(await second).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('aborts the load when the last of those who share it has left', async () => {
    const { cache } = observedCache(backend, { guard: joining })
    const begun = gate()
    const callers = [new AbortController(), new AbortController()] as const
    let loaderSignal: AbortSignal | undefined
    const load = ({ signal }: { signal: AbortSignal }) => {
      loaderSignal = signal
      begun.open()
      return new Promise(() => {})
    }
    const first = cache.getOrSet('a', load, { signal: callers[0].signal })
    await begun.passed
    const second = cache.getOrSet('a', load, { signal: callers[1].signal })
    await cache.get('a')
    callers[0].abort(new Error('first'))
    await expect(first).rejects.toThrow('first')
    expect(loaderSignal?.aborted).toBe(false)
    callers[1].abort(new Error('second'))
    await expect(second).rejects.toThrow('second')
    expect(loaderSignal?.aborted).toBe(true)
  })

  it('is not answered with a stale value', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 100, grace: '1h' })
    await cache.set('a', 'old')
    await clock.advance(100)
    const caller = new AbortController()
    const load = () => {
      caller.abort(new Error('gone'))
      return new Promise(() => {})
    }
    await expect(cache.getOrSet('a', load, { signal: caller.signal })).rejects.toThrow('gone')
  })

  it('that never aborts changes nothing, and keeps no listener', async () => {
    const { cache } = observedCache(backend)
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    expect(await cache.getOrSet('a', () => 1, { signal })).toBe(1)
    expect(await cache.getOrSet('a', () => 2, { signal })).toBe(1)
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length)
  })

  it('may be shared by a hundred callers: it gets no pile of listeners, and keeps none', async () => {
    const { cache } = observedCache(backend)
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const { signal } = new AbortController()
    const ending = gate()
    const load = vi.fn(() => ending.passed)
    const calls = Array.from({ length: 100 }, (_, index) => cache.getOrSet(`k${index}`, load, { signal }))
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(100))
    // More than 10 are what Node.js warns of, where it warns.
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(10)
    ending.open()
    await Promise.all(calls)
    await new Promise(resolve => setImmediate(resolve))
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(warnings).toEqual([])
  })

  it('frees every one of a hundred callers who share it', async () => {
    const { cache } = observedCache(backend)
    const caller = new AbortController()
    const reason = new Error('the request was cancelled')
    const { signal } = caller
    const load = vi.fn(() => new Promise(() => {}))
    const calls = Array.from({ length: 100 }, (_, index) => cache.getOrSet(`k${index}`, load, { signal }))
    const outcomes = Promise.allSettled(calls)
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(100))
    caller.abort(reason)
    expect(await outcomes).toEqual(Array(100).fill({ status: 'rejected', reason }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('The signal of a caller while the store hangs', () => {
  it('frees it at once, and then nothing is claimed, loaded or told', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang('get')
    const caller = new AbortController()
    const reason = new Error('the request was cancelled')
    const load = vi.fn(() => 'loaded')
    const outcome = cache.getOrSet('a', load, { signal: caller.signal }).catch((error: unknown) => error)
    const done = settled(outcome)
    await clock.advance(10)
    caller.abort(reason)
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await outcome).toBe(reason)
    await clock.advance(200)
    expect(load).not.toHaveBeenCalled()
    expect(store.calls.map(({ op }) => op)).toEqual(['get'])
    expect(trace.lines('operation')).toEqual(['store-error operation=get'])
  })
})
