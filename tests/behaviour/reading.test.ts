import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backends, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('get on $name', backend => {
  it('answers the fresh value, and undefined on a miss', async () => {
    const { cache, trace } = observedCache(backend)
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', { n: 1 })
    expect(await cache.get('a')).toEqual({ n: 1 })
    expect(trace.lines('key', 'tier', 'stale')).toEqual([
      'miss key=a stale=false',
      'set key=a',
      `hit key=a tier=${backend.kind} stale=false`,
    ])
    expect(cache.stats()).toMatchObject({ misses: 1, hitRate: 0.5 })
  })

  it('neither loads nor waits for a load that is under way', async () => {
    const { cache } = observedCache(backend)
    await cache.getOrSet('a', async () => {
      expect(await cache.get('a')).toBeUndefined()
      expect(await cache.has('a')).toBe(false)
    })
    expect(cache.stats().loads).toBe(1)
  })
})

describe.each(backends)('has on $name', backend => {
  it('is true for fresh values, a cached undefined among them', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('nothing', undefined)
    expect(await cache.has('nothing')).toBe(true)
    expect(await cache.has('absent')).toBe(false)
    await clock.advance(1_000)
    expect(await cache.has('nothing')).toBe(false)
  })
})

describe('peek', () => {
  const [lru] = backends as [(typeof backends)[number]]

  it('answers the fresh value of a local store synchronously, and counts nowhere', async () => {
    const { cache, clock, trace } = observedCache(lru, { ttl: 1_000, grace: 500 })
    expect(cache.peek('a')).toBeUndefined()
    await cache.set('a', 'value')
    trace.events.length = 0
    expect(cache.peek('a')).toBe('value')
    await clock.advance(1_000)
    expect(cache.peek('a')).toBeUndefined()
    expect(trace.events).toEqual([])
    expect(cache.stats()).toMatchObject({ misses: 0, hitRate: 0 })
  })

  it('sees neither a load that is under way nor a value of another version', async () => {
    const { cache } = observedCache(lru)
    await cache.getOrSet('a', () => expect(cache.peek('a')).toBeUndefined())
    await cache.set('b', 'older', { version: 0 })
    const next = observedCache(lru, { version: 1, store: lru.openStore() }).cache
    await next.set('c', 'older', { version: 0 })
    expect(cache.peek('b')).toBe('older')
    expect(next.peek('c')).toBeUndefined()
  })

  it('does not see what the schema of its namespace has not given out', async () => {
    const { cache } = observedCache(lru)
    const [unchecked, checked] = [
      cache.namespace('users'),
      cache.namespace('users', { schema: z.object({ name: z.string() }) }),
    ]
    await unchecked.set('a', { name: 7 })
    expect(unchecked.peek('a')).toEqual({ name: 7 })
    expect(checked.peek('a')).toBeUndefined()
    await checked.getOrSet('b', () => ({ name: 'Ada' }) as never)
    expect(checked.peek('b')).toEqual({ name: 'Ada' })
  })

  it('looks into the namespace it is asked of', async () => {
    const { cache } = observedCache(lru)
    const users = cache.namespace('users')
    await users.set('a', 'user')
    expect(users.peek('a')).toBe('user')
    expect(cache.peek('a')).toBeUndefined()
  })

  it.each(remoteBackends)('is always undefined on $name', async backend => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'value')
    expect(cache.peek('a')).toBeUndefined()
  })
})
