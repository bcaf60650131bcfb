import { type RemoteStore, warm } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it, vi } from 'vitest'
import { backends, lru, memory, newPrefix, openCache, remoteBackends } from '../backends.js'
import { inTime } from '../warm/in-time.js'
import { watchedSource } from '../warm/watched-source.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

const IDS = Array.from({ length: 30 }, (_, id) => id)
const key = (id: number) => `row:${id}`
const load = (id: number) => `row ${id}`
const none = { skipped: 0, failed: 0, stopped: false }

describe.each(backends)('warm on $name', backend => {
  it('loads what is missing, and skips it the next time', async () => {
    const { cache, clock } = observedCache(backend)
    const loader = vi.fn(load)
    const options = { key, load: loader, clock }
    expect(await warm(cache, IDS, options)).toEqual({ ...none, done: 30, loaded: 30, elapsed: 0 })
    expect(await cache.getMany(IDS.map(key))).toEqual(new Map(IDS.map(id => [key(id), load(id)])))
    expect(await warm(cache, IDS, options)).toMatchObject({ done: 30, loaded: 0, skipped: 30 })
    expect(loader).toHaveBeenCalledTimes(30)
  })

  it('loads only what is not there yet', async () => {
    const { cache, clock } = observedCache(backend)
    await warm(cache, IDS.slice(0, 12), { key, load, clock })
    await cache.delete(key(3))
    const loader = vi.fn(load)
    expect(await warm(cache, IDS, { key, load: loader, clock })).toMatchObject({ loaded: 19, skipped: 11 })
    expect(new Set(loader.mock.calls.map(([id]) => id))).toEqual(new Set([3, ...IDS.slice(12)]))
  })

  it('keeps each value for as long as it says, with its tags', async () => {
    const { cache, clock } = observedCache(backend)
    const rows = cache.namespace<string>('rows', { ttl: '5m' })
    await warm(rows, IDS, { key, load, ttl: '1h', tags: row => [row === 'row 3' ? 'odd' : 'even'], clock })
    await clock.advance(30 * 60_000)
    expect(await rows.get(key(4))).toBe('row 4')
    await rows.deleteTags(['odd'])
    expect(await rows.has(key(3))).toBe(false)
    expect(await rows.has(key(4))).toBe(true)
    await clock.advance(31 * 60_000)
    expect(await rows.has(key(4))).toBe(false)
  })

  it('hands the context of the load on, which may set tags', async () => {
    const { cache, clock } = observedCache(backend)
    await warm(cache, IDS, {
      key,
      load(id, { key: told, setTags }) {
        setTags([`tag:${id % 2}`])
        return told
      },
      clock,
    })
    await cache.deleteTags(['tag:1'])
    const left = await cache.getMany<string>(IDS.map(key))
    expect([...left.values()]).toEqual(IDS.filter(id => id % 2 === 0).map(key))
  })

  it('does not undo a delete that comes during a load', async () => {
    const { cache, clock, trace } = observedCache(backend)
    const begun = gate()
    const held = gate()
    const warming = warm(cache, [1], {
      key,
      async load() {
        begun.open()
        await held.passed
        return 'old'
      },
      clock,
    })
    await begun.passed
    await cache.delete(key(1))
    held.open()
    expect(await warming).toMatchObject({ done: 1, loaded: 1 })
    expect(trace.types()).toContain('commit-rejected')
    expect(await cache.get(key(1))).toBeUndefined()
  })

  it('loads one of the items with equal keys, also without a guard', async () => {
    const { cache, clock } = observedCache(backend)
    const loader = vi.fn(async (id: number) => id)
    const options = { key: (id: number) => key(id % 3), load: loader, clock }
    expect(await warm(cache, IDS, options)).toMatchObject({ done: 30, loaded: 3, skipped: 27 })
    expect(loader.mock.calls.map(([id]) => id).toSorted()).toEqual([0, 1, 2])
  })

  it('loads everything again with refresh', async () => {
    const { cache, clock } = observedCache(backend)
    await warm(cache, IDS, { key, load, clock })
    const again = await warm(cache, IDS, { key, load: id => `new ${id}`, refresh: true, clock })
    expect(again).toMatchObject({ done: 30, loaded: 30 })
    expect(await cache.get(key(7))).toBe('new 7')
  })

  it('has nothing to do for an empty source', async () => {
    const { cache, clock } = observedCache(backend)
    const onProgress = vi.fn()
    const summary = await warm(cache, [], { key, load, onProgress, clock })
    expect(summary).toEqual({ ...none, done: 0, loaded: 0, elapsed: 0 })
    expect(onProgress.mock.calls).toEqual([
      [{ done: 0, loaded: 0, skipped: 0, failed: 0, total: 0, rate: 0, left: undefined }],
    ])
  })
})

describe('The source of warm', () => {
  const pairs = new Map([
    ['a', 1],
    ['b', 2],
  ])
  const options = { key: (item: unknown) => String(item), load: (item: unknown) => item }

  function* generated() {
    yield 'a'
    yield 'b'
  }

  it.each([
    ['an array', ['a', 'b']],
    ['a Set', new Set(['a', 'b'])],
    ['a Map', pairs],
    ['a generator', generated()],
    ['an iterator of a collection', pairs.keys()],
    ['an async generator', watchedSource(2)],
    ['a stream', new Response('a').body as unknown as AsyncIterable<unknown>],
  ])('may be %s', async (_, source: Iterable<unknown> | AsyncIterable<unknown>) => {
    const { done, loaded } = await warm(openCache(lru), source, options)
    expect(loaded).toBe(done)
    expect(done).toBeGreaterThan(0)
  })

  it('is pulled no more than one item ahead', async () => {
    const source = watchedSource(20)
    const held = Array.from({ length: 20 }, gate)
    const begun: number[] = []
    const warming = warm(openCache(lru), source, {
      key,
      concurrency: 3,
      async load(id) {
        begun.push(id)
        await held[id]?.passed
      },
    })
    for (let done = 0; done < 17; done++) {
      await vi.waitFor(() => expect(source.pulled).toBe(done + 4))
      expect(begun).toHaveLength(done + 3)
      held[done]?.open()
    }
    for (const one of held) one.open()
    expect(await warming).toMatchObject({ done: 20, loaded: 20 })
    expect(source.closed).toBe(true)
  })

  it('is not closed once it has ended by itself', async () => {
    let left = 3
    const close = vi.fn()
    const source = {
      [Symbol.iterator]: () => ({ next: () => ({ done: left-- === 0, value: left }), return: close }),
    }
    expect(await warm(openCache(lru), source, options)).toMatchObject({ done: 3, stopped: false })
    expect(close).not.toHaveBeenCalled()
  })

  it('lets timers have their turn although everything is found in memory', async () => {
    const cache = openCache(lru)
    await cache.set('same', 1)
    const abort = new AbortController()
    function* endless() {
      while (true) yield 'same'
    }
    setTimeout(() => abort.abort(), 5)
    const summary = await warm(cache, endless(), { ...options, signal: abort.signal })
    expect(summary).toMatchObject({ loaded: 0, stopped: true })
  })
})

describe('The concurrency of warm', () => {
  it.each([1, 2, 7])('is never more than %i, and reached', async concurrency => {
    const cache = openCache(lru)
    let running = 0
    let most = 0
    await warm(cache, IDS, {
      key,
      concurrency,
      async load() {
        most = Math.max(most, ++running)
        await new Promise(resolve => setImmediate(resolve))
        running--
      },
    })
    expect(most).toBe(concurrency)
  })

  it('is ten unless it is set', async () => {
    const begun: number[] = []
    const held = gate()
    const warming = warm(openCache(lru), IDS, {
      key,
      load(id) {
        begun.push(id)
        return held.passed
      },
    })
    await vi.waitFor(() => expect(begun).toHaveLength(10))
    await new Promise(resolve => setImmediate(resolve))
    expect(begun).toHaveLength(10)
    held.open()
    expect(await warming).toMatchObject({ loaded: 30 })
  })

  it('counts loads that go on in the background, since a stale value was served', async () => {
    const { cache, clock } = observedCache(lru, { ttl: '1m', grace: '1h', guard: stampedeGuard() })
    await warm(cache, IDS, { key, load, clock })
    await clock.advance(90_000)
    let running = 0
    let most = 0
    const warming = warm(cache, IDS, {
      key,
      concurrency: 4,
      async load(id) {
        most = Math.max(most, ++running)
        await clock.sleep(10)
        running--
        return `new ${id}`
      },
      clock,
    })
    expect(await inTime(clock, warming, 10)).toMatchObject({ done: 30, loaded: 30 })
    expect(most).toBe(4)
    expect(await cache.getMany(IDS.map(key))).toEqual(new Map(IDS.map(id => [key(id), `new ${id}`])))
  })
})

describe('warm with a local tier', () => {
  it('fills both tiers, and asks nobody for what the local one has', async () => {
    const prefix = newPrefix()
    const { cache, clock } = observedCache(memory, {
      prefix,
      maxLocalStaleness: '1h',
      store: [lruStore(), memory.openStore() as RemoteStore],
    })
    await warm(cache, IDS, { key, load, clock })
    expect(IDS.map(id => cache.peek(key(id)))).toEqual(IDS.map(load))
    expect(await openCache(memory, { prefix }).get(key(3))).toBe('row 3')
    expect(await warm(cache, IDS, { key, load, clock })).toMatchObject({ skipped: 30 })
    expect(cache.stats().hits).toEqual({ local: 30, remote: 0 })
  })
})

describe.each(remoteBackends)('warm on $name, in two processes at once', backend => {
  it('loads nothing twice with a guard', async () => {
    const prefix = newPrefix()
    const loader = vi.fn(load)
    const warmings = Array.from({ length: 2 }, () =>
      warm(openCache(backend, { prefix, guard: stampedeGuard() }), IDS, { key, load: loader }),
    )
    const [here, there] = await Promise.all(warmings)
    expect(loader).toHaveBeenCalledTimes(30)
    expect((here?.loaded ?? 0) + (there?.loaded ?? 0)).toBe(30)
    expect((here?.skipped ?? 0) + (there?.skipped ?? 0)).toBe(30)
  })

  it('stores everything without one', async () => {
    const prefix = newPrefix()
    const caches = [openCache(backend, { prefix }), openCache(backend, { prefix })]
    const summaries = await Promise.all(caches.map(cache => warm(cache, IDS, { key, load })))
    for (const summary of summaries) expect(summary).toMatchObject({ done: 30, failed: 0 })
    expect(await caches[0]?.getMany(IDS.map(key))).toEqual(new Map(IDS.map(id => [key(id), load(id)])))
  })
})
