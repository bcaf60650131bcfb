import type { RemoteStore, StoreShards } from '@lookaside/core'
import { faultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends, lru, memcached, newPrefix, openCache, remoteBackends } from '../backends.js'
import { cleared } from './cleared.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('A namespace on $name', backend => {
  it('has keys of its own', async () => {
    const { cache } = observedCache(backend)
    const users = cache.namespace('users')
    const archive = users.namespace('archive')
    await cache.set('a', 'root')
    await users.set('a', 'user')
    await archive.set('a', 'archived')
    expect(await Promise.all([cache, users, archive].map(view => view.get('a')))).toEqual([
      'root',
      'user',
      'archived',
    ])
    await users.delete('a')
    expect(await Promise.all([cache, users, archive].map(view => view.get('a')))).toEqual([
      'root',
      undefined,
      'archived',
    ])
  })

  it('is not reached by keys of its parent that look like its own', async () => {
    const { cache } = observedCache(backend)
    const users = cache.namespace('users')
    await users.set('a', 'user')
    for (const key of ['users::a', 'users:a', ':users::a', '\0users::a', '::users::a']) {
      expect(await cache.get(key)).toBeUndefined()
    }
    await cache.set('users::a', 'root')
    expect(await users.get('a')).toBe('user')
  })

  it('is named by its path', () => {
    const { cache } = observedCache(backend, { prefix: 'shop-path' })
    expect(cache.path).toBe('shop-path')
    expect(cache.namespace('eu').namespace('users').path).toBe('shop-path:eu:users')
  })

  it('of the same name is the same', async () => {
    const { cache } = observedCache(backend)
    await cache.namespace('users').set('a', 1)
    expect(await cache.namespace('users').get('a')).toBe(1)
  })

  it('inherits what it does not set, at any depth', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 100, grace: 10 })
    const outer = cache.namespace('outer', { ttl: 200, negativeTtl: 7 })
    const inner = outer.namespace('inner', { grace: 20 })
    await inner.set('a', 1)
    await inner.set('b', null)
    const now = clock.now()
    expect(await inner.lookup('a')).toMatchObject({ staleAt: now + 200, deleteAt: now + 220 })
    expect(await inner.lookup('b')).toMatchObject({ staleAt: now + 7, deleteAt: now + 27 })
    await outer.set('a', 1)
    expect(await outer.lookup('a')).toMatchObject({ staleAt: now + 200, deleteAt: now + 210 })
  })

  it('tells its events and counts its hits with its cache, by the key as it was given', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.namespace('users').getOrSet('42', () => 1)
    expect(trace.lines('key')).toEqual(['miss key=42', 'load key=42', 'commit key=42'])
    expect(cache.stats()).toEqual(cache.namespace('users').stats())
    expect(cache.stats().loads).toBe(1)
  })
})

describe.each(backends)('clear on $name', backend => {
  async function filled() {
    const { cache, clock, trace } = observedCache(backend)
    const views = {
      root: cache,
      users: cache.namespace('users'),
      nested: cache.namespace('users').namespace('archive'),
      sibling: cache.namespace('users2'),
    }
    for (const view of Object.values(views)) {
      await view.setMany([
        ['a', 1],
        ['users::a', 2],
        ['\0odd', 3],
      ])
    }
    trace.events.length = 0
    return { ...views, clock, trace }
  }
  const size = async (view: { getMany(keys: string[]): Promise<Map<string, unknown>> }) =>
    (await view.getMany(['a', 'users::a', '\0odd'])).size

  it('of a namespace empties it and what is nested in it, and spares its parent and its siblings', async () => {
    const { root, users, nested, sibling, clock, trace } = await filled()
    expect(await cleared(users, clock)).toBe(true)
    expect(trace.lines('prefix', 'delivered')).toEqual([`clear prefix=${users.path} delivered=true`])
    expect(await size(users)).toBe(0)
    expect(await size(nested)).toBe(0)
    expect(await size(root)).toBe(3)
    expect(await size(sibling)).toBe(3)
  })

  it('of the root empties all of it', async () => {
    const { root, users, nested, sibling, clock } = await filled()
    expect(await cleared(root, clock)).toBe(true)
    for (const view of [root, users, nested, sibling]) expect(await size(view)).toBe(0)
  })

  it('keeps loads that are under way from being stored', async () => {
    const { cache, clock, trace } = observedCache(backend)
    const users = cache.namespace('users')
    await users.getOrSet('a', async () => {
      await cleared(users, clock)
      return 'old'
    })
    expect(await users.get('a')).toBeUndefined()
    expect(trace.types()).toEqual(['miss', 'clear', 'load', 'commit-rejected', 'miss'])
  })

  it('rejects for a cache without a prefix, which has no keys to call its own', async () => {
    const { cache } = observedCache(backend, { prefix: '' })
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_CACHE_UNSUPPORTED' })
  })

  it('clears a namespace of a cache without a prefix', async () => {
    const { cache, clock } = observedCache(backend, { prefix: '' })
    const name = newPrefix()
    const mine = cache.namespace(name)
    await mine.set('a', 1)
    await cleared(mine, clock)
    expect(await mine.has('a')).toBe(false)
  })
})

describe.each(remoteBackends)('clear on $name, between processes', backend => {
  it('empties the prefix for all of them, and spares other prefixes', async () => {
    const prefix = newPrefix()
    const [here, there, other] = [prefix, prefix, `${prefix}2`].map(prefix => openCache(backend, { prefix }))
    if (!here || !there || !other) throw new Error('three caches were opened')
    await there.set('a', 1)
    await other.set('a', 1)
    await here.clear()
    expect(await there.has('a')).toBe(false)
    expect(await other.has('a')).toBe(true)
  })

  it('keeps what another process was loading meanwhile from being served', async () => {
    const prefix = newPrefix()
    const [here, there] = [openCache(backend, { prefix }), openCache(backend, { prefix })]
    await here.getOrSet('a', async () => {
      await there.clear()
      return 'old'
    })
    expect(await here.has('a')).toBe(false)
  })

  it('resolves to false where the store fails, and reaches it later', async () => {
    const clock = new ManualClock()
    const prefix = newPrefix()
    const openStore = () => faultyStore(backend.openStore(clock) as RemoteStore)
    const store = openStore()
    const { cache, trace } = observedCache(backend, { prefix, store, clock })
    const { cache: there } = observedCache(backend, { prefix, store: openStore(), clock })
    await there.set('a', 1)
    const operation = backend.lists ? 'clear' : 'deleteMany'
    store.fail(new Error('connection reset'), operation)
    expect(await cache.clear()).toBe(false)
    expect(trace.lines('operation', 'target', 'prefix', 'delivered')).toEqual([
      `store-error operation=${operation}`,
      'invalidation-queued target=prefix',
      `clear prefix=${cache.path} delivered=false`,
    ])
    expect(trace.events[0]).toMatchObject({
      error: { code: 'ERR_CACHE_STORE', cause: new Error('connection reset') },
    })
    // Here nobody believes what the store still holds.
    expect(await cache.get('a')).toBeUndefined()
    expect(await there.get('a')).toBe(1)
    store.heal()
    await vi.waitFor(async () => {
      await clock.advance(100)
      expect(trace.types()).toContain('invalidation-delivered')
    })
    expect(await there.get('a')).toBeUndefined()
  })

  it('rejects where the store fails, if that was asked for', async () => {
    const clock = new ManualClock()
    const store = faultyStore(backend.openStore(clock) as RemoteStore)
    const { cache } = observedCache(backend, { store, clock, onUndelivered: 'reject' })
    store.fail(new Error('connection reset'), backend.lists ? 'clear' : 'deleteMany')
    await expect(cache.clear()).rejects.toMatchObject({
      code: 'ERR_CACHE_UNDELIVERED',
      cause: { code: 'ERR_CACHE_STORE', cause: new Error('connection reset') },
    })
  })
})

describe('A namespace on memcached', () => {
  it('reads the generations of all that it is nested in beside the value, in one round trip', async () => {
    const clock = new ManualClock()
    const store = faultyStore(memcached.openStore() as RemoteStore)
    const { cache } = observedCache(memcached, { store, clock })
    const nested = cache.namespace('eu').namespace('users')
    await nested.set('a', 1)
    await clock.advance(1_000)
    store.calls.length = 0
    expect(await nested.get('a')).toBe(1)
    // Those of the server that has the value.
    const { of, keyOn } = store.shards as StoreShards
    const at = `${nested.path}::a`
    const generations = ['', ':eu', ':eu:users'].map(path => keyOn(of(at), `${cache.path}${path}:#gen:`))
    expect(store.calls).toEqual([{ op: 'getMany', keys: [at, ...generations] }])
  })
})

describe('A local store', () => {
  it('belongs to one prefix, and may have several caches under it', async () => {
    const store = lru.openStore()
    const [here, there] = [openCache(lru, { store, prefix: 'a' }), openCache(lru, { store, prefix: 'a' })]
    await here.set('k', 1)
    expect(await there.get('k')).toBe(1)
    expect(() => openCache(lru, { store, prefix: 'b' })).toThrow(
      "the store lru already belongs to a cache with prefix 'a'; received prefix 'b'",
    )
  })
})
