import type { Cache } from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backends, newPrefix, openCache } from '../backends.js'
import { cleared } from './cleared.js'
import { cutOff } from './cut-off.js'
import { observedCache } from './observed-cache.js'

const NO_COUNTER = { code: 'ERR_CACHE_COUNTER' }

describe.each(backends)('increment over what is no counter on $name', backend => {
  it.each<[string, unknown]>([
    ['a number', 5],
    ['digits', '5'],
    ['a bigint', 5n],
    ['undefined', undefined],
    ['an object', { count: 5 }],
  ])('is refused over %s that was set, which stays', async (_, value) => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', value)
    trace.events.length = 0
    await expect(cache.increment('a')).rejects.toMatchObject({
      ...NO_COUNTER,
      message: expect.stringContaining('delete it'),
    })
    await expect(cache.increment('a', -1, { initial: 9 })).rejects.toMatchObject(NO_COUNTER)
    await expect(cache.increment('a', 0n)).rejects.toMatchObject(NO_COUNTER)
    expect(trace.types()).not.toContain('increment')
    expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value })
  })

  it('is refused over a value that is stale within grace, which may still be served', async () => {
    const { cache, clock } = observedCache(backend, { ttl: '1s', grace: '1m' })
    await cache.set('a', 'old')
    await cache.set('b', 'old')
    await clock.advance(1_000)
    await cache.expire('b')
    for (const key of ['a', 'b']) {
      await expect(cache.increment(key)).rejects.toMatchObject(NO_COUNTER)
      expect(await cache.lookup(key)).toMatchObject({ state: 'stale', value: 'old' })
    }
  })

  it.each([1, 3])('is refused over a value of version %i for a process of version 2', async version => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'theirs', { version })
    const ours = openCache(backend, { prefix: newPrefix(), version: 2 })
    await ours.set('a', 'theirs', { version })
    await expect(cache.increment('a')).rejects.toMatchObject(NO_COUNTER)
    await expect(ours.increment('a')).rejects.toMatchObject(NO_COUNTER)
    expect(await ours.get('a', { version })).toBe('theirs')
  })

  it('is refused while a load has the key, and that load is stored', async () => {
    const { cache, trace } = observedCache(backend)
    const loaded = await cache.getOrSet('a', async () => {
      await expect(cache.increment('a')).rejects.toMatchObject(NO_COUNTER)
      return 'loaded'
    })
    expect(loaded).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
    expect(trace.types()).toContain('commit')
  })

  it('goes again once that is deleted', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'value')
    await cache.delete('a')
    expect(await cache.increment('a')).toBe(1)
    expect(await cache.get('a')).toBe(1)
  })
})

type Spoil = (cache: Cache, clock: ManualClock) => Promise<unknown>

const spoils: { how: string; spoil: Spoil }[] = [
  { how: 'whose tag was deleted', spoil: cache => cache.deleteTags(['t']) },
  { how: 'whose tag has expired', spoil: cache => cache.expireTags(['t']) },
  { how: 'that was expired', spoil: cache => cache.expire('a') },
  { how: 'that was cleared', spoil: (cache, clock) => cleared(cache, clock) },
]

describe.each(backends)('increment over what nobody gets any more on $name', backend => {
  it.each(spoils)('counts from new over a value $how', async ({ spoil }) => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 'value', { tags: ['t'] })
    await spoil(cache, clock)
    expect(await cache.increment('a', 2, { initial: 10 })).toBe(12)
    expect(await cache.increment('a')).toBe(13)
    expect(await cache.get('a')).toBe(13)
  })

  it('counts from new over a value that has died, though its store still has it', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 'value', { ttl: '1m', grace: '1m' })
    await clock.advance(119_999)
    await expect(cache.increment('a')).rejects.toMatchObject(NO_COUNTER)
    await clock.advance(1)
    expect(await cache.increment('a')).toBe(1)
    expect(await cache.increment('a')).toBe(2)
  })

  it('counts from new where a load was not to be stored, and left the key open to others', async () => {
    const { cache } = observedCache(backend)
    await cache.getOrSet('a', context => {
      context.noStore()
      return 'not stored'
    })
    expect(await cache.increment('a')).toBe(1)
    expect(await cache.get('a')).toBe(1)
  })

  it('gives the new counter its own ttl', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 'value', { tags: ['t'], ttl: '1s' })
    await cache.deleteTags(['t'])
    await cache.increment('a', 1, { ttl: '1m' })
    await clock.advance(30_000)
    expect(await cache.get('a')).toBe(1)
  })

  it('loses none of many who find it there at once', async () => {
    const cache = openCache(backend)
    for (const key of ['a', 'b', 'c', 'd']) {
      await cache.set(key, 'value', { tags: [key] })
      await cache.deleteTags([key])
      const counts = await Promise.all(Array.from({ length: 50 }, () => cache.increment(key)))
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    }
  })
})

describe('increment that finds a dead value while others are faster', () => {
  /** What happens to the key after the count was refused, and before it is seen why. */
  async function overtaken(overtake: (other: Cache) => Promise<unknown>) {
    const { cache, store, other, clock } = cutOff({ schema: z.string() })
    await cache.set('a', 'value', { tags: ['t'] })
    await cache.deleteTags(['t'])
    store.delay(10, { ops: ['get', 'getMany'] })
    const counting = cache.increment('a')
    // Whoever awaits this hears of it, though later.
    counting.catch(() => {})
    await clock.advance(0)
    await overtake(other)
    await clock.advance(100)
    return counting
  }

  it('counts on from what they count, whatever its own readers take', async () => {
    expect(await overtaken(other => other.increment('a', 5))).toBe(6)
  })

  it('counts from new after they have deleted it', async () => {
    expect(await overtaken(other => other.delete('a'))).toBe(1)
  })

  it('is refused over a value that they have set, which stays', async () => {
    let set: Cache | undefined
    const counting = overtaken(other => {
      set = other
      return other.set('a', 'new')
    })
    await expect(counting).rejects.toMatchObject(NO_COUNTER)
    expect(await set?.get('a')).toBe('new')
  })
})

describe.each(backends)('What is written over a counter on $name', backend => {
  it('replaces it: set, and a forced load', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 5)
    expect(await cache.set('a', 'value')).toBe(true)
    expect(await cache.get('a')).toBe('value')
    await cache.increment('b', 5)
    expect(await cache.getOrSet('b', () => 'loaded', { refresh: true })).toBe('loaded')
    expect(await cache.get('b')).toBe('loaded')
    await expect(cache.increment('b')).rejects.toMatchObject(NO_COUNTER)
  })

  it('takes it away: set with a ttl of 0', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 5)
    expect(await cache.set('a', 'value', { ttl: 0 })).toBe(false)
    expect(await cache.increment('a')).toBe(1)
  })
})
