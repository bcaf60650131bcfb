import type { Cache, RemoteStore } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends, lru, memory, newPrefix, openCache, remoteBackends } from '../backends.js'
import { faultyCache } from './faulty-cache.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const add = (cache: Cache, key = 'a') => cache.update<number>(key, (n = 0) => n + 1)

// Real servers take time that no clock tells.
describe.each([lru, memory])('Slow updates of one key at once on $name', backend => {
  it('go one after another however many wait, as long as each takes its turn in time', async () => {
    const { cache, clock } = observedCache(backend)
    const change = vi.fn(async (n = 0) => {
      await clock.sleep(400)
      return n + 1
    })
    const done = settled(Promise.all(Array.from({ length: 8 }, () => cache.update<number>('a', change))))
    while (!done()) await clock.advance(100)
    expect(change).toHaveBeenCalledTimes(8)
    expect(await cache.get('a')).toBe(8)
  })
})

describe.each(backends)('Updates of one key at once on $name', backend => {
  it('each count, in one process', async () => {
    const cache = openCache(backend)
    const counts = await Promise.all(Array.from({ length: 200 }, () => add(cache)))
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    expect(await cache.get('a')).toBe(200)
  })

  it('go one after another, so that each changes but once', async () => {
    const { cache } = observedCache(backend)
    const change = vi.fn(async (n = 0) => n + 1)
    await Promise.all(Array.from({ length: 50 }, () => cache.update<number>('a', change)))
    expect(change).toHaveBeenCalledTimes(50)
    expect(change.mock.calls.map(([n]) => n)).toEqual([
      undefined,
      ...Array.from({ length: 49 }, (_, i) => i + 1),
    ])
  })

  it('do not wait for those of other keys', async () => {
    const { cache } = observedCache(backend)
    const inside = await cache.update<number>('a', async () => add(cache, 'b'))
    expect(inside).toBe(1)
    expect(await cache.namespace('n').update<number>('a', async () => add(cache, 'a'))).toBe(2)
  })

  it('go on after one that throws', async () => {
    const { cache } = observedCache(backend)
    const fail = () => cache.update('a', () => Promise.reject(new Error('no')))
    const results = await Promise.allSettled([add(cache), fail(), add(cache), fail(), add(cache)])
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    ])
    expect(await cache.get('a')).toBe(3)
  })

  it('are not held up for good by a change that never returns', async () => {
    const { cache, clock } = observedCache(backend)
    const hanging = settled(cache.update('a', () => new Promise(() => {})))
    const others = [add(cache), add(cache)]
    const done = settled(Promise.all(others))
    await clock.advance(999)
    expect(done()).toBe(false)
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(done()).toBe(true)
    })
    expect((await Promise.all(others)).toSorted()).toEqual([1, 2])
    expect(hanging()).toBe(false)
  })

  it('keep the first come first where somebody slow has let others pass', async () => {
    const { cache, clock } = observedCache(backend)
    let finish: (() => void) | undefined
    const slow = cache.update<string>('a', async (text = '') => {
      await new Promise<void>(resolve => {
        finish = resolve
      })
      return `${text}slow `
    })
    const quick = cache.update<string>('a', (text = '') => `${text}quick `)
    await vi.waitFor(() => expect(finish).toBeTypeOf('function'))
    await vi.waitFor(async () => {
      await clock.advance(1_000)
      expect(await cache.get('a')).toBe('quick ')
    })
    expect(await quick).toBe('quick ')
    const first = finish as unknown as () => void
    finish = undefined
    first()
    // Its value was overtaken: it is asked again.
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(finish).toBeTypeOf('function')
    })
    ;(finish as unknown as () => void)()
    expect(await slow).toBe('quick slow ')
  })
})

describe.each(backends)('An update that is overtaken on $name', backend => {
  it.each<[string, (cache: Cache) => Promise<unknown>, unknown]>([
    ['a set', cache => cache.set('a', 10), 10],
    ['a set of the very same value', cache => cache.set('a', 1), 1],
    ['a delete', cache => cache.delete('a'), undefined],
    ['an expire', cache => cache.expire('a'), undefined],
    ['a load', cache => cache.getOrSet('a', () => 20, { refresh: true }), 20],
  ])('by %s is asked again, with what is there then', async (_, overtake, found) => {
    const { cache, clock, trace } = observedCache(backend, { grace: '1h' })
    await cache.set('a', 1)
    const seen: unknown[] = []
    const updating = cache.update<number>('a', async n => {
      seen.push(n)
      if (seen.length === 1) await overtake(cache)
      return (n ?? 0) + 1
    })
    const done = settled(updating)
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(done()).toBe(true)
    })
    expect(seen).toEqual([1, found])
    expect(await updating).toBe(((found as number | undefined) ?? 0) + 1)
    expect(await cache.get('a')).toBe(await updating)
    expect(trace.types().at(-2)).toBe('set')
  })

  it('by one that makes the key where there was none is asked again', async () => {
    const { cache, clock } = observedCache(backend)
    const seen: unknown[] = []
    const updating = cache.update<number>('a', async n => {
      seen.push(n)
      if (seen.length === 1) await cache.set('a', 10)
      return (n ?? 0) + 1
    })
    const done = settled(updating)
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(done()).toBe(true)
    })
    expect(seen).toEqual([undefined, 10])
  })

  it('every time gives up after a hundred attempts, and leaves what the others have written', async () => {
    const { cache, clock, trace } = observedCache(backend)
    let calls = 0
    const updating = cache.update<number>('a', async () => {
      calls++
      await cache.set('a', calls)
      return -1
    })
    const done = settled(updating)
    const refused = expect(updating).rejects.toMatchObject({
      code: 'ERR_CACHE_CONTENTION',
      message:
        "'a' was changed by others during each of 100 attempts to update it; update it less often, or split it into several keys",
    })
    await vi.waitFor(
      async () => {
        await clock.advance(50)
        expect(done()).toBe(true)
      },
      { timeout: 15_000, interval: 1 },
    )
    await refused
    expect(calls).toBe(100)
    expect(await cache.get('a')).toBe(100)
    expect(trace.types().filter(type => type === 'set')).toHaveLength(100)
    expect(await add(cache)).toBe(101)
  })
})

describe('The pauses of an update that is overtaken', () => {
  it('are at most 1, 2, 4 … 50 ms, each a random share of that', async () => {
    const clock = new ManualClock({ random: () => 0.999 })
    const cache = openCache(memory, { clock })
    const times: number[] = []
    const start = clock.monotonic()
    const updating = cache.update<number>('a', async () => {
      times.push(clock.monotonic() - start)
      if (times.length <= 8) await cache.set('a', times.length)
      return 0
    })
    await clock.advance(1_000)
    await updating
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 113, 163])
  })
})

describe('An update of a store that never replaces', () => {
  it('gives up, whether a value was there or none', async () => {
    const clock = new ManualClock()
    const store = memory.openStore(clock) as RemoteStore
    const stubborn = { ...store, add: async () => undefined, replace: async () => undefined }
    const { cache } = observedCache(memory, { clock, store: stubborn })
    await cache.set('a', 'old')
    for (const key of ['a', 'absent']) {
      const refused = expect(cache.update(key, () => 'new')).rejects.toMatchObject({
        code: 'ERR_CACHE_CONTENTION',
      })
      await clock.advance(10_000)
      await refused
    }
    expect(await cache.get('a')).toBe('old')
  })
})

describe.each(backends)('An update while a load has the key on $name', backend => {
  it.each([
    ['nothing', undefined],
    ['a stale value', 'old'],
  ])('over %s wins: what the load returns is not stored', async (_, old) => {
    const { cache, clock, trace } = observedCache(backend, { ttl: '1s', grace: '1h' })
    if (old !== undefined) await cache.set('a', old)
    await clock.advance(1_000)
    const change = vi.fn(() => 'updated')
    const loaded = await cache.getOrSet('a', async () => {
      await cache.update('a', change)
      return 'loaded'
    })
    expect(loaded).toBe('loaded')
    expect(change.mock.calls).toEqual([[undefined]])
    expect(await cache.get('a')).toBe('updated')
    expect(trace.types()).toContain('commit-rejected')
  })

  it('with a ttl of 0 takes its place away, and what it returns is not stored', async () => {
    const { cache } = observedCache(backend)
    const loaded = await cache.getOrSet('a', async () => {
      expect(await cache.update('a', () => 'updated', { ttl: 0 })).toBe('updated')
      return 'loaded'
    })
    expect(loaded).toBe('loaded')
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('is not joined by later callers of the load: they get what was updated', async () => {
    const { cache } = observedCache(backend)
    let finish: (row: string) => void = () => {}
    const loading = cache.getOrSet('a', () => new Promise<string>(resolve => (finish = resolve)))
    await vi.waitFor(async () => expect((await cache.lookup('a')).state).toBe('miss'))
    await cache.update('a', () => 'updated')
    expect(await cache.getOrSet('a', () => 'another')).toBe('updated')
    finish('loaded')
    await loading
    expect(await cache.get('a')).toBe('updated')
  })
})

describe.each(remoteBackends)('Updates of several caches on the same data on $name', backend => {
  it('each count', async () => {
    const prefix = newPrefix()
    const caches = Array.from({ length: 4 }, () => openCache(backend, { prefix }))
    await Promise.all(caches.flatMap(cache => Array.from({ length: 25 }, () => add(cache))))
    expect(await caches[0]?.get('a')).toBe(100)
  })
})

describe('An update that gets no answer', () => {
  it('lets the next one go on', async () => {
    const { cache, store, clock } = faultyCache()
    await cache.set('a', 1)
    store.hang({ ops: ['replace'], times: 1 })
    const lost = cache.update<number>('a', (n = 0) => n + 10)
    const next = add(cache)
    const refused = expect(lost).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    await clock.advance(200)
    await refused
    expect(await next).toBe(2)
  })
})
