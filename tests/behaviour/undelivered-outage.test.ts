import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Cache, createCache, type RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { eventTrace } from '@lookaside/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { newPrefix } from '../backends.js'
import { type Server, startMemcached, startRedis } from '../servers/index.js'
import { fates } from './cut-off.js'
import { type CutProxy, cutProxy } from './cut-proxy.js'
import { type ReadingProcess, readingProcess } from './reading-process.js'

const PATIENCE = { timeout: 15_000, interval: 20 }

const kinds = [
  {
    name: 'redis',
    start: startRedis,
    open: (address: string): RemoteStore => redisStore(`redis://${address}`),
  },
  {
    name: 'memcached',
    start: startMemcached,
    open: (address: string): RemoteStore => memcachedStore(`memcached://${address}`),
  },
] as const

/** How a key is invalidated that has itself for a tag, and what is told of that. */
interface Way {
  readonly how: string
  readonly target: string
  invalidate(cache: Cache, key: string): Promise<boolean>
}

const byKey: Way = { how: 'delete', target: 'delete key', invalidate: (cache, key) => cache.delete(key) }
const byTag: Way = {
  how: 'deleteTags',
  target: 'delete tag',
  invalidate: (cache, key) => cache.deleteTags([key]),
}
const byPrefix: Way = { how: 'clear', target: 'clear prefix', invalidate: cache => cache.clear() }
const bySet: Way = { how: 'set', target: 'delete key', invalidate: (cache, key) => cache.set(key, 'newer') }
const byExpiry: Way = { how: 'expire', target: 'expire key', invalidate: (cache, key) => cache.expire(key) }

interface Outage {
  readonly what: string
  /** Whether other processes still reach the server. */
  readonly spares: boolean
  begin(proxy: CutProxy, server: Server): void
  end(proxy: CutProxy, server: Server): void
}

const cut: Outage = {
  what: 'is cut off from it',
  spares: true,
  begin: proxy => proxy.cut(),
  end: proxy => proxy.restore(),
}
const silent: Outage = { ...cut, what: 'gets no answers', begin: proxy => proxy.silence() }
const frozen: Outage = {
  what: 'finds it frozen',
  spares: false,
  begin: (_, server) => server.freeze(),
  end: (_, server) => server.thaw(),
}

const cases = [
  ...[byKey, byTag, byPrefix, bySet, byExpiry].map(way => ({ ...way, ...cut, local: false })),
  ...[byKey, byTag, byPrefix].map(way => ({
    ...way,
    ...cut,
    what: 'has a local tier and is cut off from it',
    local: true,
  })),
  ...[silent, frozen].map(outage => ({ ...byKey, ...outage, local: false })),
]

/** Reads a key in every way, as fast as it can, until it is told to stop; then resolves to what it has found. */
function watch(cache: Cache, key: string): () => Promise<Set<unknown>> {
  const found = new Set<unknown>()
  let watching = true
  async function read(): Promise<void> {
    while (watching) {
      found.add(cache.peek(key))
      found.add(await cache.get(key))
      for (const value of (await cache.getMany([key])).values()) found.add(value)
      const looked = await cache.lookup(key)
      if (looked.state === 'fresh') found.add(looked.value)
      found.add(await cache.getOrSet(key, () => 'new', { tags: [key] }))
      await setImmediate()
    }
  }
  const readers = [read(), read(), read()]
  return async () => {
    watching = false
    await Promise.all(readers)
    return found
  }
}

describe.each(kinds)('On $name', ({ name, start, open }) => {
  const prefix = newPrefix()
  let server: Server
  let there: ReadingProcess

  beforeAll(async () => {
    server = await start()
    there = await readingProcess({ backend: name, server: `${name}://${server.address}`, prefix })
  })

  afterAll(async () => {
    await there.kill()
    await server.stop()
  })

  it.each(cases)(
    'a process that $what never reads again what it has invalidated by $how, nor do others once the server was told',
    async ({ local, target, invalidate, spares, begin, end }) => {
      const proxy = await cutProxy(server.port)
      const remote = open(proxy.address)
      const cache = createCache({ store: local ? [lruStore(), remote] : remote, prefix })
      onTestFinished(async () => {
        server.thaw()
        proxy.restore()
        await cache.close()
        await proxy.close()
      })
      const key = randomUUID()
      const trace = eventTrace(cache)
      const errors = () => trace.events.filter(({ type }) => type === 'store-error').length
      const told = () => fates(trace).filter(line => !line.startsWith('queued'))
      await cache.ready({ timeout: '10s' })
      await expect.poll(() => cache.set(key, 'old', { tags: [key], grace: '1m' }), PATIENCE).toBe(true)
      expect(await cache.getOrSet(key, () => 'lost', { tags: [key] })).toBe('old')
      expect(await there.get(key)).toBe('old')

      begin(proxy, server)
      expect(await invalidate(cache, key)).toBe(false)
      const stop = watch(cache, key)
      const before = errors()
      await expect.poll(errors, PATIENCE).toBeGreaterThan(before + 1)
      if (spares) expect(await there.get(key)).toBe('old')
      expect(told()).toEqual([])

      end(proxy, server)
      await expect.poll(told, PATIENCE).toHaveLength(1)
      for (let read = 0; read < 20; read++) expect(await there.get(key)).not.toBe('old')
      await expect.poll(() => there.get(key), PATIENCE).toBe('new')
      expect(told()[0]).toContain(`delivered ${target}`)
      const found = await stop()
      expect(found).toContain('new')
      expect(found).not.toContain('old')
    },
  )
})

describe('Of a fleet of memcached servers one that is cut off', () => {
  it('holds back the invalidations of its own keys, and of no others', async () => {
    const servers = await Promise.all([startMemcached(), startMemcached()])
    const proxies = await Promise.all(servers.map(({ port }) => cutProxy(port)))
    const prefix = newPrefix()
    const openStore = () => memcachedStore({ servers: proxies.map(({ address }) => address) })
    const store = openStore()
    const [cache, other] = [createCache({ store, prefix }), createCache({ store: openStore(), prefix })]
    onTestFinished(async () => {
      for (const proxy of proxies) proxy.restore()
      await Promise.all([cache.close(), other.close()])
      await Promise.all(proxies.map(proxy => proxy.close()))
      await Promise.all(servers.map(server => server.stop()))
    })
    const keyOn = (shard: number) => {
      const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
      return keys.find(key => store.shards?.of(`${prefix}::${key}`) === shard) as string
    }
    const [alive, dead] = [keyOn(0), keyOn(1)]
    const trace = eventTrace(cache)
    const told = () => fates(trace)
    await cache.ready({ timeout: '10s' })
    for (const key of [alive, dead]) await expect.poll(() => cache.set(key, 'old'), PATIENCE).toBe(true)

    proxies[1]?.cut()
    expect(await cache.deleteMany([alive, dead])).toBe(false)
    const stop = watch(cache, dead)
    await expect.poll(told, PATIENCE).toContain(`delivered delete key ${alive}`)
    await expect.poll(() => cache.set(alive, 'new'), PATIENCE).toBe(true)
    expect(await cache.delete(alive)).toBe(true)
    expect(told()).not.toContain(`delivered delete key ${dead}`)

    proxies[1]?.restore()
    await expect.poll(told, PATIENCE).toContain(`delivered delete key ${dead}`)
    for (let read = 0; read < 20; read++) expect(await other.get(dead)).not.toBe('old')
    await expect.poll(() => other.get(dead), PATIENCE).toBe('new')
    const found = await stop()
    expect(found).toContain('new')
    expect(found).not.toContain('old')
  })
})
