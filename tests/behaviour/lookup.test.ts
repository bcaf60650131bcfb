import type { SetOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type Backend, backends } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { smallStore } from './small-store.js'

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

type Unfit = [why: string, value: unknown, options: SetOptions]

/** Writes that can't be stored. */
function unfitOn({ kind }: Backend): Unfit[] {
  const anywhere: Unfit[] = [['its ttl is 0', 'new', { ttl: 0 }]]
  if (kind === 'local') return anywhere
  return [...anywhere, ['it is too large', 'x'.repeat(2_000), {}], ['it can not be encoded', () => {}, {}]]
}

describe.each(backends)('set with ifVersion on $name that stores nothing', backend => {
  async function overtaken() {
    const observed = observedCache(backend, backend.kind === 'remote' ? { store: smallStore(backend) } : {})
    const { cache } = observed
    const absent = (await cache.lookup('a')).version
    await cache.set('a', 'older')
    const older = (await cache.lookup('a')).version
    await cache.set('a', 'newer')
    return { ...observed, versions: [absent, older] }
  }
  const cases = unfitOn(backend)

  it.each(cases)('leaves what is there when somebody else has written and %s', async (_, value, options) => {
    const { cache, versions } = await overtaken()
    for (const ifVersion of versions) {
      expect(await cache.set('a', value, { ...options, ifVersion })).toBe(false)
      expect(await cache.get('a')).toBe('newer')
    }
  })

  it.each(cases)('deletes just what it was to replace when %s', async (_, value, options) => {
    const { cache } = await overtaken()
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', value, { ...options, ifVersion: version })).toBe(false)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it.each<Unfit>([['somebody else has written', 'new', {}], ...cases])(
    'lets a load that is under way be stored, although %s',
    async (_, value, options) => {
      const { cache, versions } = await overtaken()
      for (const [index, ifVersion] of versions.entries()) {
        const loaded = `loaded ${index}`
        const load = async () => {
          expect(await cache.set('a', value, { ...options, ifVersion })).toBe(false)
          return loaded
        }
        expect(await cache.getOrSet('a', load, { refresh: true })).toBe(loaded)
        expect(await cache.get('a')).toBe(loaded)
      }
      expect(cache.stats()).toMatchObject({ commits: 2, commitsRejected: 0 })
    },
  )
})

describe.each(backends)('The version of a lookup on $name', backend => {
  const refused = { code: 'ERR_CACHE_OPTION', message: expect.stringContaining('of the same cache') }

  it('is of no use in another namespace', async () => {
    const { cache } = observedCache(backend)
    const [users, guests] = [cache.namespace('users'), cache.namespace('guests')]
    const { version } = await users.lookup('a')
    await expect(guests.set('a' as never, 1 as never, { ifVersion: version })).rejects.toMatchObject(refused)
    await expect(cache.set('a', 1, { ifVersion: version })).rejects.toMatchObject(refused)
    expect((await guests.lookup('a')).state).toBe('miss')
    expect(await users.set('a', 1 as never, { ifVersion: version })).toBe(true)
  })

  it('is of no use to another cache, though it may share the store', async () => {
    const { cache } = observedCache(backend)
    const prefix = cache.path
    const another = observedCache(backend, { prefix }).cache
    const { version } = await another.lookup('a')
    await expect(cache.set('a', 1, { ifVersion: version })).rejects.toMatchObject(refused)
    expect((await cache.lookup('a')).state).toBe('miss')
  })
})
