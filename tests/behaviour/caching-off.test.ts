import {
  bypassStore,
  type Cache,
  type CacheOptions,
  memoryBus,
  nullStore,
  type RemoteStore,
  writeThrough,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { type Backend, newPrefix, openCache, remoteBackends } from '../backends.js'

/** A cache that has its store, and one of another process whose caching is off. */
function onAndOff(backend: Backend, options: Partial<CacheOptions> = {}) {
  const prefix = newPrefix()
  const open = (store: CacheOptions['store']): Cache => openCache(backend, { ...options, prefix, store })
  return { on: open(backend.openStore()), off: open(bypassStore(backend.openStore() as RemoteStore)) }
}

/** What the application does to a value, and how the others are to find it afterwards. */
const CHANGES: readonly (readonly [what: string, (cache: Cache) => Promise<unknown>])[] = [
  ['delete', cache => cache.delete('a')],
  ['deleteMany', cache => cache.deleteMany(['a', 'b'])],
  ['expire', cache => cache.expire('a')],
  ['deleteTags', cache => cache.deleteTags(['t'])],
  ['expireTags', cache => cache.expireTags(['t'])],
  ['clear', cache => cache.clear()],
  ['invalidateAfter', cache => cache.invalidateAfter(() => 1, { keys: ['a'] })],
  ['set', cache => cache.set('a', 'new', { tags: ['t'] })],
  ['setMany', cache => cache.setMany([['a', 'new']])],
  ['set without a ttl', cache => cache.set('a', 'new', { ttl: 0 })],
  ['update', cache => cache.update('a', () => 'new')],
  ['a forced refresh', cache => cache.getOrSet('a', () => 'new', { refresh: true })],
  ['writeThrough', cache => writeThrough(cache, 'a', 'new', () => 1)],
]

describe.each(remoteBackends)('A process that passes $name by', backend => {
  it('loads each time, and leaves the values of the others alone', async () => {
    const { on, off } = onAndOff(backend)
    await on.getOrSet('a', () => 'kept', { tags: ['t'] })
    let loads = 0
    for (const tags of [['t'], [], ['u']]) {
      expect(await off.getOrSet('a', () => ++loads, { tags })).toBe(loads)
      expect(await off.getOrSet('fresh', () => ++loads, { tags: () => ['v'] })).toBe(loads)
    }
    expect(loads).toBe(6)
    expect(await off.get('a')).toBeUndefined()
    expect(await off.lookup('a')).toMatchObject({ state: 'miss' })
    expect(await on.get('a', { tags: ['t'] })).toBe('kept')
    expect(await on.get('fresh')).toBeUndefined()
  })

  it.each(CHANGES)('has %s reach the others', async (_, change) => {
    const { on, off } = onAndOff(backend)
    for (const key of ['a', 'b']) await on.getOrSet(key, () => 'old', { tags: ['t'] })
    expect(await on.get('a')).toBe('old')
    await change(off)
    expect(await on.get('a')).toBeUndefined()
    expect(await on.getOrSet('a', () => 'loaded', { tags: ['t'] })).toBe('loaded')
    expect(await on.get('a')).toBe('loaded')
  })

  it('has a change reach their local tiers by the bus', async () => {
    const bus = memoryBus()
    const prefix = newPrefix()
    const on = openCache(backend, {
      prefix,
      bus,
      store: [lruStore(), backend.openStore() as RemoteStore],
    })
    const off = openCache(backend, { prefix, bus, store: bypassStore(backend.openStore() as RemoteStore) })
    for (const [, change] of CHANGES) {
      await on.getOrSet('a', () => 'old', { tags: ['t'] })
      await expect
        .poll(async () => {
          await on.getOrSet('a', () => 'old', { tags: ['t'] })
          return on.peek('a')
        })
        .toBe('old')
      await change(off)
      await expect.poll(() => on.get('a')).toBeUndefined()
    }
  })

  it('voids a load of the others that is under way', async () => {
    const { on, off } = onAndOff(backend)
    const loaded = await on.getOrSet('a', async () => {
      await off.delete('a')
      return 'old'
    })
    expect(loaded).toBe('old')
    expect(await on.get('a')).toBeUndefined()
  })

  it('does not void one by loading or reading itself', async () => {
    const { on, off } = onAndOff(backend, { guard: stampedeGuard() })
    const loaded = await on.getOrSet('a', async () => {
      await off.getOrSet('a', () => 'its own')
      await off.get('a')
      await off.getOrSetMany(['a'], { key: key => key, load: () => ['its own'] })
      await expect(off.getOrSet('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
      return 'new'
    })
    expect(loaded).toBe('new')
    expect(await on.get('a')).toBe('new')
  })

  it('keeps what another process loads between a write and its end from staying', async () => {
    const { on, off } = onAndOff(backend)
    await writeThrough(off, 'a', 'new', async () => {
      // It reads the database before the write is committed there.
      await on.getOrSet('a', () => 'old')
      expect(await on.get('a')).toBe('old')
    })
    expect(await on.get('a')).toBeUndefined()
  })

  it('leaves values without a frame alone when it loads, and takes them away when it writes', async () => {
    const { on, off } = onAndOff(backend, { codec: 'raw' })
    await on.set('a', 'old')
    expect(await off.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await on.get('a')).toBe('old')
    await off.set('a', 'new')
    expect(await on.get('a')).toBeUndefined()
  })

  it('goes on counting', async () => {
    const { on, off } = onAndOff(backend)
    expect(await on.increment('n', 2)).toBe(2)
    expect(await off.increment('n', 3)).toBe(5)
    expect(await on.increment('n', 0)).toBe(5)
  })

  it('says whether the store answers', async () => {
    const { off } = onAndOff(backend)
    await off.ready({ timeout: '5s' })
  })
})

describe('A cache without a store', () => {
  it('loads each time, whatever is asked of it', async () => {
    const cache = openCache(remoteBackends[0] as Backend, { store: nullStore(), guard: stampedeGuard() })
    const users = cache.namespace('users', { ttl: '1h' })
    let loads = 0
    const load = () => ++loads
    expect(await cache.set('a', 1)).toBe(true)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.getOrSet('a', load, { softTimeout: 5, beta: 2, tags: ['t'] })).toBe(1)
    expect(await users.getOrSet('a', load, { tags: () => ['t'] })).toBe(2)
    expect(await cache.wrap(load, { key: () => 'a' })()).toBe(3)
    expect(await cache.getOrSetMany([1, 2], { key: n => `${n}`, load: items => items.map(load) })).toEqual([
      4, 5,
    ])
    expect(await cache.update<number>('a', (n = 0) => n + 1)).toBe(1)
    expect(await cache.increment('n', 2, { initial: 5 })).toBe(7)
    expect(await cache.increment('n', 2, { initial: 5 })).toBe(7)
    expect(await cache.increment('n', -2)).toBe(0)
    expect(await cache.deleteTags(['t'])).toBe(true)
    expect(await cache.clear()).toBe(true)
    expect(await writeThrough(cache, 'a', 'new', () => 'written')).toBe('written')
    await cache.ready()
    expect(cache.stats()).toMatchObject({
      hits: { local: 0, remote: 0 },
      storeErrors: 0,
      loads: 5,
      commits: 0,
    })
  })
})
