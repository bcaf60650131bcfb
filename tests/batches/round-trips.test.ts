import type { RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memory, openCache } from '../backends.js'
import { startMemcached, startRedis } from '../servers/index.js'
import { countingProxy } from './counting-proxy.js'

const PATIENCE = '5s'

interface Fleet {
  readonly fleet: string
  readonly start: typeof startRedis
  readonly servers: number
  open(addresses: readonly string[]): RemoteStore
}

const openMemcached = (addresses: readonly string[]) =>
  memcachedStore({ url: `memcached://${addresses.join(',')}`, timeout: PATIENCE, connectTimeout: PATIENCE })

const fleets: readonly Fleet[] = [
  {
    fleet: 'Redis',
    start: startRedis,
    servers: 1,
    open: ([address]) =>
      redisStore({ url: `redis://${address}`, socketTimeout: PATIENCE, connectTimeout: PATIENCE }),
  },
  { fleet: 'one memcached', start: startMemcached, servers: 1, open: openMemcached },
  { fleet: 'two memcacheds', start: startMemcached, servers: 2, open: openMemcached },
]

const itself = (item: string) => item
const keysOf = (name: string) => Array.from({ length: 100 }, (_, index) => `${name}:${index}`)
const rowsOf = (keys: readonly string[]) => keys.map(key => `row ${key}`)

describe.each(fleets)('On $fleet, a hundred keys', ({ start, servers, open }) => {
  /** A cache whose ways to its servers are counted, and that has been in use. */
  async function counted() {
    const running = await Promise.all(Array.from({ length: servers }, () => start()))
    const proxies = await Promise.all(running.map(({ port }) => countingProxy(port)))
    const cache = openCache(memory, {
      store: open(proxies.map(({ address }) => address)),
      prefix: 'app',
      guard: stampedeGuard({ earlyRefresh: false }),
      // What a namespace reads now and then it does not read again while this stands still.
      clock: new ManualClock(),
      ttl: '1h',
    })
    onTestFinished(async () => {
      await cache.close()
      await Promise.all(proxies.map(proxy => proxy.close()))
      await Promise.all(running.map(server => server.stop()))
    })
    await cache.ready({ timeout: '10s' })
    // Connections are open, scripts are known.
    const warm = keysOf('warm')
    await cache.setMany(warm.map(key => [key, key]))
    await cache.getOrSetMany(warm, { key: itself, load: rowsOf, refresh: true })
    const soFar = () => proxies.map(({ roundTrips }) => roundTrips)
    /** The round trips to each server while `work` runs. */
    async function trips(work: () => Promise<unknown>): Promise<number[]> {
      const before = soFar()
      await work()
      return soFar().map((count, index) => count - (before[index] ?? 0))
    }
    return { cache, soFar, trips }
  }

  const each = (count: number): number[] => Array(servers).fill(count)
  const warm = keysOf('warm')

  it('that are read one after the other are as many round trips', async () => {
    const { cache, trips } = await counted()
    const counts = await trips(async () => {
      for (const key of warm.slice(0, 10)) await cache.get(key)
    })
    expect(counts.reduce((sum, count) => sum + count)).toBe(10)
  })

  it('that are cached are one round trip', async () => {
    const { cache, trips } = await counted()
    const many = () => cache.getOrSetMany(warm, { key: itself, load: () => expect.unreachable() })
    expect(await trips(many)).toEqual(each(1))
    expect(await many()).toEqual(rowsOf(warm))
    expect(await trips(() => cache.getMany(warm))).toEqual(each(1))
  })

  it('that are cached are one round trip with tags that are named, and two with others', async () => {
    const { cache, trips } = await counted()
    const keys = keysOf('tagged')
    const many = (tags: readonly string[] | (() => string[])) =>
      cache.getOrSetMany(keys, { key: itself, load: rowsOf, tags })
    await many(['named'])
    expect(await trips(() => many(['named']))).toEqual(each(1))
    await many(() => ['named'])
    const counts = await trips(() => many(() => ['named']))
    // The token of the tag is on one of the servers.
    expect(Math.max(...counts)).toBe(2)
    expect(Math.min(...counts)).toBe(servers === 1 ? 2 : 1)
    expect(cache.stats().loads).toBe(200)
  })

  it('that are missing are one round trip to read, one to claim, one to store', async () => {
    const { cache, soFar, trips } = await counted()
    const keys = keysOf('missing')
    const before = soFar()
    let whenLoaded: number[] = []
    const counts = await trips(() =>
      cache.getOrSetMany(keys, {
        key: itself,
        load(items) {
          whenLoaded = soFar()
          return rowsOf(items)
        },
      }),
    )
    expect(whenLoaded.map((count, index) => count - (before[index] ?? 0))).toEqual(each(2))
    expect(counts).toEqual(each(3))
    expect((await cache.getMany(keys)).size).toBe(100)
  })

  it('are written in one round trip', async () => {
    const { cache, trips } = await counted()
    const keys = keysOf('written')
    expect(await trips(() => cache.setMany(keys.map(key => [key, key])))).toEqual(each(1))
    expect((await cache.getMany(keys)).size).toBe(100)
  })

  it('are deleted in one round trip', async () => {
    const { cache, trips } = await counted()
    expect(await trips(() => cache.deleteMany(warm))).toEqual(each(1))
    expect((await cache.getMany(warm)).size).toBe(0)
  })
})
