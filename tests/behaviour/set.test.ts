import type { SetOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type Backend, backends, lru, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { smallStore } from './small-store.js'

describe.each(backends)('set on $name', backend => {
  it('stores the value and says so', async () => {
    const { cache, trace } = observedCache(backend)
    expect(await cache.set('a', 1)).toBe(true)
    expect(await cache.set('a', 2)).toBe(true)
    expect(await cache.get('a')).toBe(2)
    expect(trace.lines('key')).toEqual(['set key=a', 'set key=a', 'hit key=a'])
  })

  it('heeds its own ttl, grace and version', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 1, { ttl: '1s', grace: '2s', version: 3 })
    expect(await cache.lookup('a', { version: 3 })).toMatchObject({
      createdAt: clock.now(),
      staleAt: clock.now() + 1_000,
      deleteAt: clock.now() + 3_000,
    })
  })

  it.each<[string, SetOptions]>([
    ['0', { ttl: 0 }],
    ["'0ms'", { ttl: '0ms' }],
  ])('with a ttl of %s stores nothing, and deletes what is there', async (_, options) => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.set('a', 'new', options)).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['not-stored key=a reason=ttl-0', 'miss key=a'])
  })

  it('keeps a load that is under way from being stored over it', async () => {
    const { cache } = observedCache(backend)
    const loaded = await cache.getOrSet('a', async () => {
      await cache.set('a', 'written')
      return 'loaded'
    })
    expect(loaded).toBe('loaded')
    expect(await cache.get('a')).toBe('written')
  })
})

describe.each(remoteBackends)('A value that can not be stored on $name', backend => {
  const unfit = [() => {}, Symbol('s'), new Map([['f', () => {}]])]

  it.each(unfit)('because it can not be encoded deletes what set was to replace: %o', async value => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.set('a', value)).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['not-stored key=a reason=not-encodable', 'miss key=a'])
    expect(trace.events[0]).toMatchObject({ error: { code: 'ERR_CACHE_NOT_ENCODABLE' } })
  })

  it.each(unfit)('because it can not be encoded reaches the caller of getOrSet: %o', async value => {
    const { cache, trace } = observedCache(backend)
    expect(await cache.getOrSet<unknown>('a', () => value)).toBe(value)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('reason')).toEqual([
      'miss',
      'load reason=miss',
      'not-stored reason=not-encodable',
      'miss',
    ])
  })

  it('because it is too large deletes what set was to replace', async () => {
    const { cache, trace } = observedCache(backend, { store: smallStore(backend) })
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.set('a', 'x'.repeat(2_000))).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['not-stored key=a reason=too-large', 'miss key=a'])
    expect(trace.events[0]).toMatchObject({
      error: { code: 'ERR_CACHE_TOO_LARGE', message: expect.stringContaining('takes at most 2000') },
    })
  })

  it('because it is too large reaches the caller of getOrSet, and takes the old value away', async () => {
    const { cache, clock, trace } = observedCache(backend, {
      store: smallStore(backend),
      ttl: 1_000,
      grace: '1h',
    })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    trace.events.length = 0
    const large = 'x'.repeat(2_000)
    expect(await cache.getOrSet('a', () => large)).toBe(large)
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(trace.types()).toEqual(['miss', 'load', 'not-stored'])
  })

  it('does not stop setMany from storing the others', async () => {
    const { cache } = observedCache(backend)
    const entries = [
      ['a', 1],
      ['b', () => {}],
      ['c', 3],
    ] as const
    expect(await cache.setMany(entries)).toBe(false)
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 1],
        ['c', 3],
      ]),
    )
  })
})

describe('A value over 1 MB on memcached', () => {
  const memcached = remoteBackends.find(({ name }) => name === 'memcached') as Backend

  it('is refused before it is sent, and the old value is deleted', async () => {
    const { cache, trace } = observedCache(memcached)
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.set('a', 'x'.repeat(1_100_000))).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('reason')).toEqual(['not-stored reason=too-large', 'miss'])
    expect(cache.stats().storeErrors).toBe(0)
  })
})

describe('A value that can not be encoded on lru', () => {
  it('is kept all the same, by reference', async () => {
    const { cache } = observedCache(lru)
    const value = () => 'a function'
    expect(await cache.set('a', value)).toBe(true)
    expect(await cache.get('a')).toBe(value)
  })
})
