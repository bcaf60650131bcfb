import type { Cache, CacheOptions, Clock, RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { memcached, newPrefix, openCache } from '../backends.js'
import { heldLoad } from '../races/held-load.js'
import { startMemcached } from '../servers/index.js'
import { cleared } from './cleared.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const SOON = { timeout: 15_000, interval: 20 }

/** A fleet of the test's own, and a store on it. */
async function fleetOf(size: number) {
  const servers = await Promise.all(Array.from({ length: size }, () => startMemcached()))
  onTestFinished(async () => {
    await Promise.all(servers.map(server => server.stop()))
  })
  const url = `memcached://${servers.map(({ address }) => address).join(',')}`
  return { servers, openStore: () => memcachedStore({ url, timeout: '5s', connectTimeout: '5s' }) }
}

const keys = Array.from({ length: 40 }, (_, index) => `row:${index}`)
const fill = (cache: Cache) => cache.setMany(keys.map(key => [key, key] as const))
const size = async (cache: Cache) => (await cache.getMany(keys)).size

describe('clear on memcached', () => {
  it('empties a namespace and what is nested in it, and spares everything else', async () => {
    const { cache, clock, trace } = observedCache(memcached)
    const users = cache.namespace('users')
    const other = openCache(memcached, { clock })
    const gone = [users, users.namespace('archive'), users.namespace('archive').namespace('old')]
    const spared = [
      cache,
      cache.namespace('users2'),
      cache.namespace('user'),
      other,
      other.namespace('users'),
    ]
    for (const view of [...gone, ...spared]) await fill(view)
    trace.events.length = 0
    expect(await cleared(users, clock)).toBe(true)
    expect(trace.lines('prefix', 'delivered')).toEqual([`clear prefix=${users.path} delivered=true`])
    for (const view of gone) expect(await size(view)).toBe(0)
    for (const view of spared) expect(await size(view)).toBe(keys.length)

    await fill(users.namespace('archive'))
    expect(await size(users.namespace('archive'))).toBe(keys.length)
    expect(await cleared(cache, clock)).toBe(true)
    for (const view of [...gone, cache, cache.namespace('users2')]) expect(await size(view)).toBe(0)
    expect(await size(other)).toBe(keys.length)
  })

  it('resolves once no process goes by the old generation, which is after one second', async () => {
    const manual = new ManualClock()
    const sleeps: number[] = []
    const { now, monotonic, timer, random } = manual
    const clock: Clock = {
      ...{ now, monotonic, timer, random },
      sleep(ms, signal) {
        sleeps.push(ms)
        return manual.sleep(ms, signal)
      },
    }
    const options = { clock, prefix: newPrefix(), ttl: '1d' } as const
    const [here, there] = [openCache(memcached, options), openCache(memcached, options)]
    await here.set('a', 1)
    expect(await there.get('a')).toBe(1)
    const clearing = here.clear()
    const done = settled(clearing)
    // It sleeps when the servers have taken it.
    await vi.waitFor(() => expect(sleeps.some(ms => ms > 1_000)).toBe(true), SOON)
    await manual.advance(999)
    expect(await there.get('a')).toBe(1)
    await manual.advance(1)
    expect(await there.get('a')).toBeUndefined()
    expect(done()).toBe(false)
    await manual.advance(20)
    expect(await clearing).toBe(true)
    expect(await here.get('a')).toBeUndefined()
  })

  it('rejects for a cache without a prefix, which has no keys to call its own, but clears its namespaces', async () => {
    const { cache, clock } = observedCache(memcached, { prefix: '' })
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_CACHE_UNSUPPORTED' })
    const mine = cache.namespace(newPrefix())
    await fill(mine)
    await cleared(mine, clock)
    expect(await size(mine)).toBe(0)
  })

  it('spares values without a frame, which can carry no generation', async () => {
    const { cache, clock } = observedCache(memcached)
    const raw = cache.namespace('raw', { codec: 'raw' })
    await raw.set('a', 'as it is')
    await cleared(cache, clock)
    expect(await raw.get('a')).toBe('as it is')
  })

  it('leaves tags as they are: what is stored again has them, and those of other namespaces hold', async () => {
    const { cache, clock } = observedCache(memcached)
    const users = cache.namespace('users')
    await cache.set('a', 1, { tags: ['t'] })
    await users.set('a', 1, { tags: ['t'] })
    await cleared(users, clock)
    expect(await cache.get('a', { tags: ['t'] })).toBe(1)
    await users.getOrSet('a', () => 2, { tags: () => ['t'] })
    expect(await users.get('a')).toBe(2)
    await users.deleteTags(['t'])
    expect(await users.get('a')).toBeUndefined()
    expect(await cache.get('a', { tags: ['t'] })).toBe(1)
  })

  it('has a generation that may be evicted or overwritten: what it held for is a miss, and the next load is stored', async () => {
    const fleet = await fleetOf(1)
    const { cache, clock } = observedCache(memcached, { store: fleet.openStore() })
    const server = fleet.openStore()
    onTestFinished(() => server.close())
    const at = `${cache.path}:#gen:`
    for (const spoil of [
      () => server.delete(at),
      () => server.set(at, Buffer.from('no token'), 60_000),
      () => server.set(at, Buffer.alloc(24, 1), 60_000),
    ]) {
      await fill(cache)
      await spoil()
      await clock.advance(1_000)
      expect(await size(cache)).toBe(0)
      await cache.getOrSet('row:0', () => 'loaded')
      expect(await cache.get('row:0')).toBe('loaded')
    }
  })

  it('deletes nothing that is read by plain deletes: a delete by another program still invalidates', async () => {
    const fleet = await fleetOf(1)
    const { cache } = observedCache(memcached, { store: fleet.openStore() })
    const server = fleet.openStore()
    onTestFinished(() => server.close())
    await cache.set('a', 1)
    await server.delete(`${cache.path}::a`)
    expect(await cache.get('a')).toBeUndefined()
  })
})

describe('clear on a fleet of two memcached servers', () => {
  async function running(options: Partial<CacheOptions> = {}) {
    const fleet = await fleetOf(2)
    const prefix = newPrefix()
    const store: RemoteStore = fleet.openStore()
    const cache = openCache(memcached, { prefix, ttl: '1d', ...options, store })
    await fill(cache)
    const on = (server: number) => keys.filter(key => store.shards?.of(`${prefix}::${key}`) === server)
    expect(Math.min(on(0).length, on(1).length)).toBeGreaterThan(0)
    return { ...fleet, prefix, cache, on }
  }

  it('empties both, whoever clears', async () => {
    const clock = new ManualClock()
    const { cache, prefix, openStore } = await running({ clock })
    const other = openCache(memcached, { prefix, clock, store: openStore() })
    expect(await size(other)).toBe(keys.length)
    expect(await cleared(other, clock)).toBe(true)
    expect(await size(cache)).toBe(0)
    await fill(cache)
    expect(await size(other)).toBe(keys.length)
  })

  it('costs what a server held that was restarted, and nothing of the other; afterwards it works as before', async () => {
    const clock = new ManualClock()
    const { cache, servers, on } = await running({ clock })
    await servers[1]?.restart()
    await clock.advance(1_000)
    await vi.waitFor(async () => {
      expect([...(await cache.getMany(keys)).keys()]).toEqual(on(0))
      await cache.set(on(1)[0] as string, 'again')
      await clock.advance(1_000)
      expect(await cache.get(on(1)[0] as string)).toBe('again')
      await cache.delete(on(1)[0] as string)
    }, SOON)
    await vi.waitFor(async () => {
      await fill(cache)
      await clock.advance(1_000)
      expect(await size(cache)).toBe(keys.length)
    }, SOON)
    expect(await cleared(cache, clock)).toBe(true)
    expect(await size(cache)).toBe(0)
  })

  it('is not delivered while one is down; this process serves nothing until it is, nor anybody afterwards', async () => {
    const { cache, servers, prefix, openStore } = await running({ storeTimeout: '500ms', breaker: false })
    const other = openCache(memcached, { prefix, store: openStore(), breaker: false })
    servers[1]?.freeze()
    expect(await cache.clear()).toBe(false)
    expect(await size(cache)).toBe(0)
    servers[1]?.thaw()
    await vi.waitFor(async () => expect(await size(other)).toBe(0), SOON)
    await vi.waitFor(async () => {
      await cache.set('row:0', 'new')
      expect(await cache.get('row:0')).toBe('new')
    }, SOON)
    expect(await size(other)).toBe(1)
  })
})

describe('A load on memcached that a clear overtakes', () => {
  it.each(['this process', 'another process'])('by %s never becomes fresh', async who => {
    const clock = new ManualClock()
    const options = { clock, prefix: newPrefix(), ttl: '1d', grace: '1d' } as const
    const [here, there] = [openCache(memcached, options), openCache(memcached, options)]
    for (const prepare of [
      async (_: Cache) => {},
      (cache: Cache) => cache.set('row', 'first'),
      async (cache: Cache) => {
        await cache.set('row', 'first')
        await cache.expire('row')
      },
    ]) {
      for (const tags of [undefined, ['t'], () => ['t']]) {
        const users = here.namespace('users')
        await users.delete('row')
        await prepare(users)
        const held = heldLoad<string>()
        const reading = users.getOrSet('row', held.load, { tags, refresh: true })
        await held.begun
        await cleared(who === 'this process' ? here : there.namespace('users'), clock)
        const late = users.getOrSet('row', () => 'new', { tags })
        held.finish('old')
        expect(await reading).toBe('old')
        expect(await late).toBe('new')
        for (const cache of [users, there.namespace('users')]) {
          expect([undefined, 'new']).toContain(await cache.get('row'))
        }
        await users.getOrSet('row', () => 'new', { tags })
        expect(await users.getOrSet('row', () => 'newer', { tags })).toBe('new')
      }
    }
  })
})
