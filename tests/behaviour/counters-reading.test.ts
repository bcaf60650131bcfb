import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backends, openCache } from '../backends.js'
import { observedCache } from './observed-cache.js'

const never = () => Promise.reject(new Error('a counter is never loaded'))

describe.each(backends)('A counter on $name', backend => {
  it('is read as a number by every read', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 42)
    expect(await cache.get('a')).toBe(42)
    expect(await cache.has('a')).toBe(true)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['a', 42]]))
    expect(await cache.getOrSet('a', never)).toBe(42)
    const items = await cache.getOrSetMany(['a', 'b'], { key: name => name, load: names => names })
    expect(items).toEqual([42, 'b'])
  })

  it('has no instants, as far as lookup knows', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 0)
    expect(await cache.lookup('a')).toMatchObject({
      state: 'fresh',
      value: 0,
      createdAt: 0,
      staleAt: Number.POSITIVE_INFINITY,
      deleteAt: Number.POSITIVE_INFINITY,
    })
  })

  it('is not peeked at: its store has to be asked', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 42)
    await cache.get('a')
    expect(cache.peek('a')).toBeUndefined()
  })

  it('is a bigint where no number is exact', async () => {
    const { cache } = observedCache(backend)
    for (const count of [2n ** 53n - 2n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n]) {
      const key = `${count}`
      await cache.increment(key, count)
      const read = count < 2n ** 53n ? Number(count) : count
      expect(await cache.get(key)).toBe(read)
      expect(await cache.getOrSet(key, never)).toBe(read)
    }
  })

  it('is a hit, and counts as one', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.increment('a')
    trace.events.length = 0
    await cache.get('a')
    await cache.getOrSet('a', never)
    const tier = backend.kind === 'local' ? 'local' : 'remote'
    const hit = `hit key=a tier=${tier} stale=false`
    expect(trace.lines('key', 'tier', 'stale')).toEqual([hit, hit])
    expect(cache.stats().hits[tier]).toBe(2)
  })

  it('is checked by a schema like any value', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 42)
    expect(await cache.get('a', { schema: z.number() })).toBe(42)
    expect(await cache.getOrSet('a', never, { schema: z.number() })).toBe(42)
    expect(await cache.get('a', { schema: z.string() })).toBeUndefined()
    const pages = cache.namespace('pages', { schema: z.number().max(10) })
    await pages.increment('a', 10)
    expect(await pages.get('a')).toBe(10)
    expect(await pages.increment('a', 1)).toBe(11)
    expect(await pages.get('a')).toBeUndefined()
    expect(await pages.increment('a', -1)).toBe(10)
  })

  it.each([0, 1, 7])('has no version: version %i reads it', async version => {
    const { cache } = observedCache(backend, { version: 3 })
    await cache.increment('a', 42)
    expect(await cache.get('a', { version })).toBe(42)
    expect(await cache.getOrSet('a', never, { version })).toBe(42)
  })

  it('has no tags: a read that names one misses, and so does a call that would load', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.increment('a', 42)
    trace.events.length = 0
    expect(await cache.get('a', { tags: ['t'] })).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['unusable key=a reason=tag', 'miss key=a'])
    expect(await cache.has('a', { tags: ['t'] })).toBe(false)
    expect((await cache.lookup('a', { tags: ['t'] })).state).toBe('miss')
    expect(await cache.getMany(['a'], { tags: ['t'] })).toEqual(new Map())
    expect(await cache.get('a', { tags: [] })).toBe(42)
    await cache.deleteTags(['t'])
    expect(await cache.get('a')).toBe(42)
    expect(await cache.getOrSet('a', () => 'loaded', { tags: ['t'] })).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
  })

  it('is not refreshed early, nor loaded by a crowd', async () => {
    const cache = openCache(backend, { guard: stampedeGuard(), ttl: '1s' })
    await cache.increment('a', 42)
    const crowd = Array.from({ length: 50 }, () => cache.getOrSet('a', never))
    expect(new Set(await Promise.all(crowd))).toEqual(new Set([42]))
  })

  it('is replaced by condition of what lookup found, until somebody counts on', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 42)
    const before = await cache.lookup('a')
    await cache.increment('a')
    expect(await cache.set('a', 'value', { ifVersion: before.version })).toBe(false)
    expect(await cache.get('a')).toBe(43)
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', 'value', { ifVersion: version })).toBe(true)
    expect(await cache.get('a')).toBe('value')
  })

  it('is made by condition that nothing was there only where still nothing is', async () => {
    const { cache } = observedCache(backend)
    const { version } = await cache.lookup('a')
    await cache.increment('a')
    expect(await cache.set('a', 'value', { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBe(1)
  })

  it.each(['delete', 'expire'] as const)('is gone after a %s, even with grace', async how => {
    const { cache } = observedCache(backend, { grace: '1h' })
    await cache.increment('a', 42)
    expect(await cache[how]('a')).toBe(true)
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(await cache.increment('a')).toBe(1)
  })

  it('is gone after a deleteMany', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a')
    await cache.increment('b')
    await cache.deleteMany(['a', 'b'])
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
  })

  it(`${backend.lists ? 'is cleared' : 'is spared by clear, where keys can not be listed'}`, async () => {
    const cache = openCache(backend)
    const pages = cache.namespace('pages')
    await pages.increment('a', 42)
    await pages.set('b', 'value')
    expect(await pages.clear()).toBe(true)
    expect(await pages.get('b')).toBeUndefined()
    expect(await pages.get('a')).toBe(backend.lists ? undefined : 42)
    expect(await pages.increment('a')).toBe(backend.lists ? 1 : 43)
  })
})
