import type { Duration, GetOrSetOptions } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('The ttl on $name', backend => {
  it('is 5 minutes by default, to the millisecond', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.getOrSet('a', () => 1)
    await clock.advance(5 * 60_000 - 1)
    expect(await cache.getOrSet('a', () => 2)).toBe(1)
    await clock.advance(1)
    expect(await cache.getOrSet('a', () => 2)).toBe(2)
  })

  it.each<[Duration, number]>([
    [250, 250],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    [0.2, 1],
  ])('of %o lasts %i ms', async (ttl, ms) => {
    const { cache, clock } = observedCache(backend)
    await cache.getOrSet('a', () => 1, { ttl })
    const found = await cache.lookup('a')
    expect(found).toMatchObject({ state: 'fresh', staleAt: clock.now() + ms, deleteAt: clock.now() + ms })
  })

  it('counts from the moment the value is stored, not from the start of the load', async () => {
    const { cache, clock } = observedCache(backend)
    const began = clock.now()
    await cache.getOrSet('a', () => clock.advance(40), { ttl: 100 })
    const found = await cache.lookup('a')
    expect(found).toMatchObject({ createdAt: began, staleAt: began + 140 })
  })

  it('of a call wins over that of the namespace, which wins over that of the cache', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 100 })
    const users = cache.namespace('users', { ttl: 200 })
    await cache.getOrSet('a', () => 1)
    await users.getOrSet('a', () => 1)
    await users.getOrSet('b', () => 1, { ttl: 300 })
    const staleAt = async (found: ReturnType<typeof cache.lookup>) => {
      const { state, ...rest } = await found
      return state === 'miss' ? undefined : (rest as { staleAt: number }).staleAt - clock.now()
    }
    expect(await staleAt(cache.lookup('a'))).toBe(100)
    expect(await staleAt(users.lookup('a'))).toBe(200)
    expect(await staleAt(users.lookup('b'))).toBe(300)
  })

  it('can be a function of the loaded value', async () => {
    const { cache, clock } = observedCache(backend)
    const ttl = vi.fn((user: { admin: boolean }): Duration => (user.admin ? '1s' : '1h'))
    await cache.getOrSet('a', () => ({ admin: true }), { ttl })
    await cache.getOrSet('b', () => ({ admin: false }), { ttl })
    await clock.advance(1_000)
    expect(await cache.has('a')).toBe(false)
    expect(await cache.has('b')).toBe(true)
    expect(ttl.mock.calls).toEqual([[{ admin: true }], [{ admin: false }]])
  })

  it.each<[string, GetOrSetOptions<string>]>([
    ['0', { ttl: 0 }],
    ["'0s'", { ttl: '0s' }],
    ['a function that returns 0', { ttl: () => 0 }],
  ])('of %s stores nothing', async (_, options) => {
    const { cache, trace } = observedCache(backend)
    const load = vi.fn(() => 'value')
    expect(await cache.getOrSet('a', load, options)).toBe('value')
    expect(await cache.getOrSet('a', load, options)).toBe('value')
    expect(load).toHaveBeenCalledTimes(2)
    expect(trace.lines('reason').slice(0, 3)).toEqual(['miss', 'load reason=miss', 'not-stored reason=ttl-0'])
  })

  it('of 0 removes the value that the load was to replace', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'old')
    await cache.getOrSet('a', () => 'new', { ttl: 0, refresh: true })
    expect(await cache.get('a')).toBeUndefined()
  })

  it('can be set by the loader, over whatever else is set', async () => {
    const { cache, clock } = observedCache(backend)
    const load = vi.fn(context => context.setTtl('2s'))
    await cache.getOrSet('a', load, { ttl: () => '1h', negativeTtl: '1d' })
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 2_000 })
  })

  it('that a loader sets badly fails its load', async () => {
    const { cache } = observedCache(backend)
    const promise = cache.getOrSet('a', context => context.setTtl('soon' as Duration))
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_DURATION' })
    expect(cache.stats()).toMatchObject({ loadErrors: 1, commits: 0 })
  })

  it.each(['noStore', 'setTtl'] as const)('is none at all for a loader that calls %s', async how => {
    const { cache, trace } = observedCache(backend)
    const load = vi.fn(context => {
      if (how === 'noStore') context.noStore()
      else context.setTtl(0)
      return 'secret'
    })
    expect(await cache.getOrSet('a', load)).toBe('secret')
    expect(await cache.getOrSet('a', load)).toBe('secret')
    expect(load).toHaveBeenCalledTimes(2)
    expect(trace.lines('reason').slice(0, 3)).toEqual([
      'miss',
      'load reason=miss',
      'not-stored reason=no-store',
    ])
  })

  it('lets loads run side by side for a second after one that was not to be stored', async () => {
    const { cache } = observedCache(backend)
    await cache.getOrSet('a', context => context.noStore())
    let running = 0
    let most = 0
    const load = async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running--
      return 'stored'
    }
    await Promise.all([cache.getOrSet('a', load), cache.getOrSet('a', load)])
    expect(most).toBe(2)
    expect(await cache.get('a')).toBe('stored')
  })
})

describe.each(backends)('The negativeTtl on $name', backend => {
  it.each([[null], [undefined]])('replaces the ttl of a loaded %s', async value => {
    const { cache, clock } = observedCache(backend, { ttl: '1h', negativeTtl: '5s' })
    const load = vi.fn(() => value)
    await cache.getOrSet('a', load)
    await clock.advance(4_999)
    await cache.getOrSet('a', load)
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    await cache.getOrSet('a', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  it.each([[0], [''], [false]])('leaves %o its ttl', async value => {
    const { cache, clock } = observedCache(backend, { ttl: '1h', negativeTtl: '5s' })
    await cache.getOrSet('a', () => value)
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 3_600_000 })
  })

  it('of 0 stores neither null nor undefined', async () => {
    const { cache } = observedCache(backend)
    const load = vi.fn(() => null)
    await cache.getOrSet('a', load, { negativeTtl: 0 })
    await cache.getOrSet('a', load, { negativeTtl: 0 })
    expect(load).toHaveBeenCalledTimes(2)
    await cache.set('b', 'old')
    expect(await cache.set('b', undefined, { negativeTtl: 0 })).toBe(false)
    expect(await cache.lookup('b')).toMatchObject({ state: 'miss' })
  })

  it('gives way to a ttl that was chosen knowing the value, not to one that was given for any', async () => {
    const { cache, clock } = observedCache(backend, { negativeTtl: '5s' })
    await cache.set('a', null, { ttl: '1m' })
    await cache.getOrSet('b', () => null, { ttl: () => '2m' })
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 5_000 })
    expect(await cache.lookup('b')).toMatchObject({ staleAt: clock.now() + 120_000 })
  })
})

describe.each(backends)('Jitter on $name', backend => {
  /** A fixed sequence of numbers from 0 to 1: the middle-square method by a prime. */
  function seeded(seed: number): () => number {
    let state = seed
    return () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
  }

  it('shortens each ttl by up to its share, and never lengthens it', async () => {
    const clock = new ManualClock({ random: seeded(1) })
    const { cache } = observedCache(backend, { clock, ttl: 1_000, jitter: 0.2, grace: 100 })
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`)
    await cache.setMany(keys.map(key => [key, key]))
    const spans = await Promise.all(
      keys.map(async key => {
        const found = await cache.lookup(key)
        if (found.state !== 'fresh') throw new Error(`${key} is ${found.state}`)
        expect(found.deleteAt - found.staleAt).toBe(100)
        return found.staleAt - clock.now()
      }),
    )
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(800)
    expect(Math.min(...spans)).toBeLessThan(820)
    expect(Math.max(...spans)).toBeLessThanOrEqual(1_000)
    expect(Math.max(...spans)).toBeGreaterThan(980)
  })

  it('of 1 still stores for at least a millisecond', async () => {
    const clock = new ManualClock({ random: () => 0.999_999 })
    const { cache } = observedCache(backend, { clock, jitter: 1, ttl: 10 })
    await cache.set('a', 'value')
    expect(await cache.get('a')).toBe('value')
  })
})
