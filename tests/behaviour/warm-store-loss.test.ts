import { warm } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import type { FaultyStore } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { lru } from '../backends.js'
import { inTime } from '../warm/in-time.js'
import { type WatchedSource, watchedSource } from '../warm/watched-source.js'
import { faultyCache } from './faulty-cache.js'
import { observedCache } from './observed-cache.js'

const SIZE = 200
const CONCURRENCY = 5
const key = (id: number) => `row:${id}`
const keys = Array.from({ length: SIZE }, (_, id) => key(id))
const WRITES = { ops: ['set', 'add', 'replace'] } as const

interface Outage {
  readonly source: WatchedSource
  readonly load: ReturnType<typeof vi.fn<(id: number) => Promise<number>>>
  /** Loads that have begun since the fault. */
  loadsSince(): number
}

/** A store that fails when half of the items are loaded. */
function outage(world: ReturnType<typeof faultyCache>, fault: (store: FaultyStore) => void): Outage {
  const { clock, store } = world
  let before = 0
  const load = vi.fn(async (id: number) => {
    await clock.sleep(10)
    return id
  })
  const source = watchedSource(SIZE, index => {
    if (index !== SIZE / 2) return
    fault(store)
    before = load.mock.calls.length
  })
  return { source, load, loadsSince: () => load.mock.calls.length - before }
}

const FAULTS: [string, (store: FaultyStore) => void][] = [
  ['refuses connections', store => store.fail()],
  ['answers nothing', store => store.hang()],
  ['loses its answers', store => store.drop()],
  ['does not take writes', store => store.fail(new Error('OOM command not allowed'), WRITES)],
  ['does not take values', store => store.fail(new Error('READONLY'), { ops: ['replace'] })],
]

describe('A store that is down', () => {
  it('at the start keeps warm from loading anything', async () => {
    const { cache, clock, store } = faultyCache()
    store.fail()
    const source = watchedSource(5)
    const load = vi.fn()
    const warming = inTime(clock, warm(cache, source, { key, load, onError: () => {}, clock }))
    await expect(warming).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(load).not.toHaveBeenCalled()
    expect(source.pulled).toBe(0)
    expect(await source[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  it.each(FAULTS)('since half of the items, which %s, ends it after a few loads', async (_, fault) => {
    const world = faultyCache({ guard: stampedeGuard() })
    const { cache, clock, store } = world
    const { source, load, loadsSince } = outage(world, fault)
    const onError = vi.fn()
    const warming = warm(cache, source, { key, load, concurrency: CONCURRENCY, onError, clock })
    await expect(inTime(clock, warming)).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining(
        'warming was given up, since the store does not take what is loaded: ',
      ),
    })
    expect(source.closed).toBe(true)
    expect(loadsSince()).toBeLessThan(3 * CONCURRENCY)
    store.heal()
    await clock.advance(10_000)
    const again = warm(cache, watchedSource(SIZE), { key, load, clock })
    expect(await inTime(clock, again)).toMatchObject({ done: SIZE, failed: 0 })
    expect((await inTime(clock, cache.getMany(keys))).size).toBe(SIZE)
  })

  it.each(FAULTS)('for a second, and %s, delays it: in the end everything is there', async (_, fault) => {
    const world = faultyCache({ guard: stampedeGuard() })
    const { cache, clock, store, trace } = world
    const { source, load, loadsSince } = outage(world, one => {
      fault(one)
      clock.timer(1_000, () => store.heal())
    })
    const warming = warm(cache, source, { key, load, concurrency: CONCURRENCY, clock })
    expect(await inTime(clock, warming)).toMatchObject({ done: SIZE, loaded: SIZE, failed: 0 })
    expect(trace.types()).toContain('store-error')
    expect((await inTime(clock, cache.getMany(keys))).size).toBe(SIZE)
    // Those that were lost were loaded again, and hardly any twice.
    expect(loadsSince()).toBeLessThan(SIZE / 2 + 4 * CONCURRENCY)
  })

  it('stops waiting when it is aborted', async () => {
    const world = faultyCache({ guard: stampedeGuard() })
    const { cache, clock } = world
    const { source, load } = outage(world, store => store.fail())
    const abort = new AbortController()
    const warming = warm(cache, source, { key, load, signal: abort.signal, clock })
    await clock.advance(2_000)
    abort.abort()
    const summary = await warming
    expect(summary).toMatchObject({ failed: 0, stopped: true })
    expect(summary.done).toBeLessThan(SIZE)
  })
})

describe('One value that the store does not take', () => {
  it('is a failure of its item, after some tries', async () => {
    const { cache, clock, store } = faultyCache()
    const refuse = store.replace
    const refused = `${cache.path}::row:7`
    store.replace = (at, ...rest) =>
      at === refused ? Promise.reject(new Error('not this one')) : refuse.call(store, at, ...rest)
    const onError = vi.fn()
    const load = vi.fn((id: number) => id)
    const warming = warm(cache, watchedSource(20), { key, load, onError, clock })
    expect(await inTime(clock, warming)).toMatchObject({ done: 20, loaded: 19, failed: 1 })
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_CACHE_STORE' }), 7]])
    expect(load.mock.calls.filter(([id]) => id === 7)).toHaveLength(3)
  })

  it('since others have loaded it meanwhile is no loss', async () => {
    const { cache, clock } = observedCache(lru)
    const load = vi.fn(async (id: number) => {
      await clock.sleep(10)
      return id
    })
    // Without a guard everybody loads, and one stores.
    const theirs = cache.getOrSet(key(1), () => load(1))
    const warming = warm(cache, [1, 2], { key, load, clock })
    expect(await inTime(clock, warming)).toMatchObject({ done: 2, loaded: 2 })
    await theirs
    expect(load).toHaveBeenCalledTimes(3)
    expect(clock.monotonic()).toBeLessThan(100)
  })
})
