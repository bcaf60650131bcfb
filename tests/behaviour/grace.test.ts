import { describe, expect, it, vi } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'

const fails = () => Promise.reject(new Error('the database is down'))

describe.each(backends)('Grace on $name', backend => {
  it('lets a stale value stand in for a failed load', async () => {
    const { cache, clock, trace } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    await clock.advance(1_499)
    expect(await cache.getOrSet('a', fails)).toBe('old')
    expect(trace.lines('key', 'reason', 'tier', 'stale')).toEqual([
      'set key=a',
      'miss key=a stale=true',
      'load-error key=a reason=stale',
      `hit key=a tier=${backend.kind} stale=true`,
    ])
    expect(cache.stats()).toMatchObject({ staleHits: 1, misses: 1, loadErrors: 1, hitRate: 0 })
  })

  it('ends at its last millisecond: then the failure reaches the caller', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    await clock.advance(1_500)
    await expect(cache.getOrSet('a', fails)).rejects.toThrow('the database is down')
  })

  it('does not stand in once it has ended during the load', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    await clock.advance(1_400)
    const slowly = async () => {
      await clock.advance(100)
      return fails()
    }
    await expect(cache.getOrSet('a', slowly)).rejects.toThrow('the database is down')
  })

  it('is none by default', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000 })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    await expect(cache.getOrSet('a', fails)).rejects.toThrow('the database is down')
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
  })

  it('tries the loader again on every call, and stores what it returns in the end', async () => {
    const { cache, clock, trace } = observedCache(backend, { ttl: 1_000, grace: '1h' })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    expect(await cache.getOrSet('a', fails)).toBe('old')
    expect(await cache.getOrSet('a', fails)).toBe('old')
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(await cache.getOrSet('a', fails)).toBe('new')
    expect(trace.types()).toEqual(['miss', 'load', 'commit', 'hit'])
  })

  it('hands the stale value to the loader that is to replace it', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', { etag: 'x' })
    await clock.advance(1_000)
    expect(await cache.getOrSet('a', ({ previous }) => ({ previous }))).toEqual({ previous: { etag: 'x' } })
  })

  it('does not hand a dead value to the loader', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'dead')
    await clock.advance(1_500)
    expect(await cache.getOrSet('a', ({ previous }) => ({ previous }))).toEqual({ previous: undefined })
  })

  it('makes a stale value a miss for get, has, peek and getMany', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.has('a')).toBe(false)
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.getMany(['a'])).toEqual(new Map())
  })
})

describe.each(backends)('expire on $name', backend => {
  it('makes a value stale and keeps it for the rest of its ttl and grace', async () => {
    const { cache, clock, trace } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    const deleteAt = clock.now() + 1_500
    trace.events.length = 0
    expect(await cache.expire('a')).toBe(true)
    expect(trace.lines('kind', 'key', 'delivered')).toEqual(['invalidate kind=expire key=a delivered=true'])
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'old', staleAt: 0, deleteAt })
    await clock.advance(1_499)
    expect(await cache.getOrSet('a', fails)).toBe('old')
    await clock.advance(1)
    await expect(cache.getOrSet('a', fails)).rejects.toThrow('the database is down')
  })

  it('makes the next call load, and its value fresh', async () => {
    const { cache } = observedCache(backend, { ttl: 1_000, grace: 500 })
    const load = vi.fn(() => 'new')
    await cache.set('a', 'old')
    await cache.expire('a')
    expect(await cache.getOrSet('a', load)).toBe('new')
    expect(await cache.getOrSet('a', load)).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('twice is the same as once', async () => {
    const { cache } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    expect(await cache.expire('a')).toBe(true)
    expect(await cache.expire('a')).toBe(true)
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'old' })
  })

  it('without grace is a delete', async () => {
    const { cache } = observedCache(backend, { ttl: 1_000 })
    await cache.set('a', 'old')
    expect(await cache.expire('a')).toBe(true)
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
    await expect(cache.getOrSet('a', fails)).rejects.toThrow('the database is down')
  })

  it('of nothing does nothing', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.expire('a')).toBe(true)
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
  })

  it('keeps a load that is under way from being stored', async () => {
    const { cache } = observedCache(backend, { grace: '1h' })
    await cache.set('a', 'older')
    await cache.expire('a')
    await cache.getOrSet('a', async () => {
      await cache.expire('a')
      return 'old'
    })
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'older' })
  })

  it('keeps the first load of a key from being stored', async () => {
    const { cache, trace } = observedCache(backend, { grace: '1h' })
    await cache.getOrSet('a', async () => {
      await cache.expire('a')
      return 'old'
    })
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
    expect(trace.types()).toEqual(['miss', 'invalidate', 'load', 'commit-rejected'])
  })
})

describe.each(backends)('delete on $name', backend => {
  it('keeps nothing for grace', async () => {
    const { cache, trace } = observedCache(backend, { grace: '1h' })
    await cache.set('a', 'old')
    expect(await cache.delete('a')).toBe(true)
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
    await expect(cache.getOrSet('a', fails)).rejects.toThrow('the database is down')
    expect(trace.lines('kind', 'key', 'delivered').slice(0, 2)).toEqual([
      'set key=a',
      'invalidate kind=delete key=a delivered=true',
    ])
  })

  it('of nothing is delivered all the same', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.delete('nothing')).toBe(true)
    expect(cache.stats().invalidations).toBe(1)
  })

  it('of a stale value during its refresh keeps it from standing in', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: '1h' })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    await cache.getOrSet('a', async () => {
      await cache.delete('a')
      return 'new'
    })
    expect(await cache.lookup('a')).toMatchObject({ state: 'miss' })
  })
})
