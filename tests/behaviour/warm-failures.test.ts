import { CacheError, warm } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it, vi } from 'vitest'
import { lru, memory, openCache } from '../backends.js'
import { inTime } from '../warm/in-time.js'
import { watchedSource } from '../warm/watched-source.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

const key = (id: number) => `row:${id}`

/** Fails for every fifth id. */
async function load(id: number): Promise<number> {
  if (id % 5 === 4) throw new RangeError(`no row ${id}`)
  return id
}

describe('A loader that fails', () => {
  it('stops the warming, which rejects with the very error once the other loads are done', async () => {
    const cache = openCache(lru)
    const source = watchedSource(50)
    const held = gate()
    const error = new Error('connection refused')
    const loader = vi.fn(async (id: number) => {
      if (id === 1) throw error
      await held.passed
      return id
    })
    let settled = false
    const warming = warm(cache, source, { key, load: loader, concurrency: 3 }).catch(thrown => {
      settled = true
      return thrown
    })
    await vi.waitFor(() => expect(source.closed).toBe(true))
    expect(settled).toBe(false)
    held.open()
    expect(await warming).toBe(error)
    expect(loader.mock.calls.length).toBeLessThan(5)
    expect(await cache.get(key(2))).toBe(2)
  })

  it('is told to onError with its item, while the others go on', async () => {
    const cache = openCache(lru)
    const told: [unknown, number][] = []
    const onError = (error: unknown, item: number) => void told.push([error, item])
    const summary = await warm(cache, watchedSource(20), { key, load, onError })
    expect(summary).toMatchObject({ done: 20, loaded: 16, failed: 4, stopped: false })
    expect(told).toEqual([4, 9, 14, 19].map(id => [new RangeError(`no row ${id}`), id]))
    expect(await cache.has(key(4))).toBe(false)
  })

  it('is loaded again the next time', async () => {
    const cache = openCache(lru)
    await warm(cache, watchedSource(20), { key, load, onError: () => {} })
    const summary = await warm(cache, watchedSource(20), { key, load: id => id })
    expect(summary).toMatchObject({ loaded: 4, skipped: 16 })
  })

  it('counts as failed too where a stale value stands in', async () => {
    const { cache, clock } = observedCache(lru, { ttl: '1m', grace: '1h', guard: stampedeGuard() })
    await warm(cache, [4], { key, load: () => 'old', clock })
    await clock.advance(90_000)
    const warming = warm(cache, [4], { key, load, clock })
    await expect(inTime(clock, warming)).rejects.toThrow('no row 4')
    expect(await cache.lookup(key(4))).toMatchObject({ state: 'stale', value: 'old' })
  })

  it('whose key is in a back-off fails without a call', async () => {
    const { cache, clock } = observedCache(lru, { guard: stampedeGuard() })
    const loader = vi.fn(load)
    await warm(cache, [4, 4, 4], { key, load: loader, onError: () => {}, clock })
    expect(loader).toHaveBeenCalledTimes(1)
  })

  it('fails once where what it throws looks like a limit of loads', async () => {
    const { cache, clock } = observedCache(lru)
    const error = new CacheError('ERR_CACHE_LOAD_LIMIT', 'of another cache')
    const loader = vi.fn(() => Promise.reject(error))
    await expect(inTime(clock, warm(cache, [1], { key, load: loader, clock }))).rejects.toBe(error)
    expect(loader).toHaveBeenCalledTimes(1)
  })

  it('is waited for until onError has dealt with it; what that throws rejects', async () => {
    const error = new Error('too many failures')
    const source = watchedSource(1_000)
    const failures: unknown[] = []
    const onError = async (failure: unknown) => {
      await new Promise(resolve => setImmediate(resolve))
      if (failures.push(failure) === 3) throw error
    }
    await expect(warm(openCache(lru), source, { key, load, onError })).rejects.toBe(error)
    expect(source.pulled).toBeLessThan(100)
    expect(source.closed).toBe(true)
  })
})

describe('A value that can not be stored', () => {
  it('has failed when it is too large', async () => {
    const cache = openCache(lru, { store: lruStore({ maxSize: 100, sizeOf: value => String(value).length }) })
    const loaded = warm(cache, [1], { key, load: () => 'x'.repeat(1_000) })
    await expect(loaded).rejects.toMatchObject({ code: 'ERR_CACHE_TOO_LARGE' })
  })

  it('has failed when it can not be encoded', async () => {
    const onError = vi.fn()
    const summary = await warm(openCache(memory), [1, 2], {
      key,
      load: id => (id === 1 ? () => id : id),
      onError,
    })
    expect(summary).toMatchObject({ loaded: 1, failed: 1 })
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_CACHE_NOT_ENCODABLE' }), 1]])
  })

  it('has been loaded when it was not to be stored', async () => {
    const summary = await warm(openCache(memory), [1, 2], {
      key,
      load(id, context) {
        if (id === 1) context.noStore()
        return id
      },
    })
    expect(summary).toMatchObject({ loaded: 2, failed: 0 })
  })
})

describe('A source that throws', () => {
  it.each(['at its first item', 'later'])(
    '%s rejects with its error, once what has begun is done',
    async when => {
      const error = new Error('cursor closed')
      const source = watchedSource(20, async index => {
        // What was given out before begins.
        await new Promise(resolve => setImmediate(resolve))
        if (index === (when === 'later' ? 5 : 0)) throw error
      })
      const cache = openCache(lru)
      const onError = vi.fn()
      await expect(warm(cache, source, { key, load: id => id, onError })).rejects.toBe(error)
      expect(onError).not.toHaveBeenCalled()
      expect(source.closed).toBe(true)
      expect(await cache.get(key(4))).toBe(when === 'later' ? 4 : undefined)
    },
  )

  it('while it is closed rejects with that', async () => {
    const error = new Error('could not close')
    function* items() {
      try {
        yield 1
        yield 2
      } finally {
        fail(error)
      }
    }
    const abort = new AbortController()
    const warming = warm(openCache(lru), items(), {
      key,
      load: () => abort.abort(),
      concurrency: 1,
      signal: abort.signal,
    })
    await expect(warming).rejects.toBe(error)
  })
})

function fail(error: Error): never {
  throw error
}

describe('A key of warm', () => {
  it.each([
    ['', "''"],
    [undefined, 'undefined'],
    [7, '7'],
    [Promise.resolve('a'), 'a Promise'],
  ])('that is %o is refused with its item', async (bad, shown) => {
    const source = watchedSource(5)
    const warming = warm(openCache(lru), source, { key: () => bad as string, load: id => id })
    await expect(warming).rejects.toMatchObject({
      code: 'ERR_CACHE_KEY',
      message: `key of warm must return a non-empty string; it returned ${shown} for 0`,
    })
    expect(source.closed).toBe(true)
  })

  it('that can not be told is a failure of its item', async () => {
    const error = new TypeError('no id')
    const onError = vi.fn()
    const summary = await warm(openCache(lru), [1, 2], {
      key: id => (id === 1 ? fail(error) : key(id)),
      load: id => id,
      onError,
    })
    expect(summary).toMatchObject({ loaded: 1, failed: 1 })
    expect(onError.mock.calls).toEqual([[error, 1]])
  })
})

describe('warm refuses', () => {
  const good = { key, load: (id: number) => id }
  const refused = (given: unknown, source: unknown = [1]) =>
    warm(openCache(lru), source as number[], given as typeof good)

  it.each([
    [undefined, 'key of warm must be a function from an item to its key; received undefined'],
    [{ ...good, key: 'id' }, "key of warm must be a function from an item to its key; received 'id'"],
    [{ key }, 'load of warm must be a function that loads the value of an item; received undefined'],
    [{ ...good, concurrency: 0 }, 'concurrency of warm must be an integer from 1; received 0'],
    [{ ...good, concurrency: 1.5 }, 'concurrency of warm must be an integer from 1; received 1.5'],
    [{ ...good, total: -1 }, 'total of warm must be an integer from 0; received -1'],
    [{ ...good, total: '5' }, "total of warm must be an integer from 0; received '5'"],
    [{ ...good, progressEvery: 0 }, 'progressEvery must be at least 1 ms; received 0'],
    [
      { ...good, onProgress: 1 },
      'onProgress of warm must be a function that is told how far it is; received 1',
    ],
    [
      { ...good, onError: 1 },
      'onError of warm must be a function that is told of an error and its item; received 1',
    ],
    [{ ...good, signal: 1 }, 'signal must be an AbortSignal; received 1'],
    [{ ...good, concurency: 5 }, "unknown option 'concurency' of warm; did you mean 'concurrency'?"],
    ['all', "warm takes its options as an object; received 'all'"],
  ])('the options %o', async (given, message) => {
    const source = watchedSource(1)
    await expect(refused(given, source)).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining(message),
    })
    expect(source.pulled).toBe(0)
  })

  it('a span of time that is none', async () => {
    await expect(refused({ ...good, progressEvery: '1y' })).rejects.toMatchObject({
      code: 'ERR_CACHE_DURATION',
    })
  })

  it.each([
    [{ ...good, foo: 1 }, "unknown option 'foo' of getOrSet"],
    [{ ...good, jitter: 7 }, 'jitter must be a share'],
  ])('what getOrSet refuses, at the first miss, whatever onError does: %o', async (given, message) => {
    const load = vi.fn(() => 1)
    const source = watchedSource(50)
    const warming = refused({ ...given, load, onError: () => {}, concurrency: 2 }, source)
    await expect(warming).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining(message),
    })
    expect(source.pulled).toBeLessThan(5)
    expect(load).not.toHaveBeenCalled()
  })

  it('takes the options of the guard', async () => {
    const cache = openCache(lru, { guard: stampedeGuard() })
    expect(await warm(cache, [1], { ...good, softTimeout: '1s', beta: 0 })).toMatchObject({ loaded: 1 })
  })

  it.each([[undefined], [null], [5], ['abc'], [{}], [function* () {}]])('the source %o', async source => {
    await expect(refused(good, source ?? null)).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining('warm takes its items from an iterable or async iterable'),
    })
  })

  it.each([[undefined], [null], [{}], [new Map()]])('the cache %o', async cache => {
    await expect(warm(cache as unknown as Parameters<typeof warm>[0], [1], good)).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining('warm takes the cache to warm first'),
    })
  })
})
