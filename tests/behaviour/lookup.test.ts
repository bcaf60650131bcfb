import { describe, expect, it } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('lookup on $name', backend => {
  it('tells a miss from a cached undefined', async () => {
    const { cache } = observedCache(backend)
    await cache.getOrSet('nothing', () => undefined)
    expect((await cache.lookup('absent')).state).toBe('miss')
    expect(await cache.lookup('nothing')).toMatchObject({ state: 'fresh', value: undefined })
  })

  it('tells when the load began, and when the value goes stale and dies', async () => {
    const { cache, clock } = observedCache(backend)
    const createdAt = clock.now()
    await cache.getOrSet('a', () => clock.advance(10).then(() => 'value'), { ttl: 1_000, grace: 500 })
    expect(await cache.lookup('a')).toMatchObject({
      state: 'fresh',
      value: 'value',
      createdAt,
      staleAt: createdAt + 1_010,
      deleteAt: createdAt + 1_510,
    })
  })

  it('tells stale from fresh, and dead is a miss', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'value')
    await clock.advance(999)
    expect((await cache.lookup('a')).state).toBe('fresh')
    await clock.advance(1)
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'value' })
    await clock.advance(500)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('sees no value in a load that is under way', async () => {
    const { cache } = observedCache(backend)
    await cache.getOrSet('a', async () => {
      expect((await cache.lookup('a')).state).toBe('miss')
    })
    expect((await cache.lookup('a')).state).toBe('fresh')
  })

  it('leaves the statistics alone', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.lookup('a')
    expect(trace.events).toEqual([])
    expect(cache.stats()).toMatchObject({ misses: 0, hits: { local: 0, remote: 0 } })
  })
})

describe.each(backends)('set with ifVersion on $name', backend => {
  it('stores over the very value that lookup found', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 1)
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(true)
    expect(await cache.get('a')).toBe(2)
    expect(trace.types()).toEqual(['set', 'set', 'hit'])
  })

  it('stores nothing once somebody else has written, even the same value', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 1)
    const { version } = await cache.lookup('a')
    await cache.set('a', 1)
    trace.events.length = 0
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBe(1)
    expect(trace.types()).toEqual(['hit'])
  })

  it.each(['delete', 'expire'] as const)('stores nothing after a %s', async how => {
    const { cache } = observedCache(backend, { grace: '1h' })
    await cache.set('a', 1)
    const { version } = await cache.lookup('a')
    await cache[how]('a')
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('lets exactly one of many writers win', async () => {
    const { cache } = observedCache(backend)
    await cache.set('counter', 0)
    const { version } = await cache.lookup('counter')
    const writers = [1, 2, 3, 4, 5].map(n => cache.set('counter', n, { ifVersion: version }))
    expect((await Promise.all(writers)).filter(Boolean)).toHaveLength(1)
  })

  it('stores where lookup found nothing and still nothing is', async () => {
    const { cache } = observedCache(backend)
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', 'first', { ifVersion: version })).toBe(true)
    expect(await cache.get('a')).toBe('first')
  })

  it('stores nothing where lookup found nothing and somebody has written since', async () => {
    const { cache } = observedCache(backend)
    const { version } = await cache.lookup('a')
    await cache.set('a', 'first')
    expect(await cache.set('a', 'second', { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBe('first')
  })

  it('stores over a stale and over a dead value', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 500 })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    const stale = await cache.lookup('a')
    expect(await cache.set('a', 'new', { ifVersion: stale.version })).toBe(true)
    await clock.advance(1_500)
    const dead = await cache.lookup('a')
    expect(dead.state).toBe('miss')
    expect(await cache.set('a', 'newer', { ifVersion: dead.version })).toBe(true)
    expect(await cache.get('a')).toBe('newer')
  })
})
