import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { Client } from 'memjs'
import { afterAll, describe, expect, inject, it, vi } from 'vitest'
import { memcached, openCache, redis } from '../backends.js'
import { observedCache } from './observed-cache.js'

const plainRedis = new Redis(inject('redisUrl'))
const plainMemcached = Client.create(inject('memcachedServers').split(',')[0] as string)
afterAll(() => {
  plainRedis.disconnect()
  plainMemcached.close()
})

const foreign = [
  {
    backend: redis,
    store: {},
    read: async (key: string) => plainRedis.get(key),
    write: async (key: string, text: string) => void (await plainRedis.set(key, text, 'EX', 60)),
    del: async (key: string) => void (await plainRedis.del(key)),
  },
  {
    backend: memcached,
    // A fleet of one, so that the plain client needs no ring.
    store: {
      url: `memcached://${inject('memcachedServers').split(',')[0]}`,
    },
    read: async (key: string) => (await plainMemcached.get(key)).value?.toString() ?? null,
    write: async (key: string, text: string) => void (await plainMemcached.set(key, text, { expires: 60 })),
    del: async (key: string) => void (await plainMemcached.delete(key)),
  },
]

describe.each(foreign)('The raw codec on $backend.name', ({ backend, read, write, del, store }) => {
  const open = async () => {
    const { memcachedStore } = await import('@lookaside/memcached')
    const shared = 'url' in store ? { store: memcachedStore(store.url as string) } : {}
    return openCache(backend, { ...shared, prefix: '', codec: 'raw' })
  }
  const newKey = () => `raw-${randomUUID()}`

  it('writes what any other client reads, under the very key', async () => {
    const cache = await open()
    const key = newKey()
    await cache.getOrSet(key, () => 'grüß dich')
    expect(await read(key)).toBe('grüß dich')
    await del(key)
  })

  it('reads what any other client wrote', async () => {
    const cache = await open()
    const key = newKey()
    await write(key, '{"by":"python"}')
    const load = vi.fn(() => 'loaded')
    expect(await cache.getOrSet(key, load)).toBe('{"by":"python"}')
    expect(await cache.get(key)).toBe('{"by":"python"}')
    expect(load).not.toHaveBeenCalled()
    await del(key)
  })

  it('misses what any other client deleted', async () => {
    const cache = await open()
    const key = newKey()
    await cache.set(key, 'old')
    await del(key)
    expect(await cache.getOrSet(key, () => 'new')).toBe('new')
    await del(key)
  })

  it('leaves no marker for others to see during a load', async () => {
    const cache = await open()
    const key = newKey()
    await cache.getOrSet(key, async () => {
      expect(await read(key)).toBeNull()
      return 'value'
    })
    expect(await read(key)).toBe('value')
    await del(key)
  })

  it('does not store over what another client wrote during the load', async () => {
    const cache = await open()
    const key = newKey()
    const load = async () => {
      await write(key, 'theirs')
      return 'ours'
    }
    expect(await cache.getOrSet(key, load)).toBe('ours')
    expect(await read(key)).toBe('theirs')
    expect(cache.stats().commitsRejected).toBe(1)
    await del(key)
  })

  it('keeps bytes that are no text', async () => {
    const cache = await open()
    const key = newKey()
    const bytes = Buffer.from([0xff, 0x00, 0xc3])
    await cache.set(key, bytes)
    expect(await cache.get(key)).toEqual(bytes)
    await del(key)
  })

  it('stores neither objects nor undefined', async () => {
    const { cache, trace } = observedCache(backend, { codec: 'raw' })
    expect(await cache.getOrSet('a', () => ({ n: 1 }))).toEqual({ n: 1 })
    expect(await cache.getOrSet('b', () => undefined)).toBeUndefined()
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
    expect(trace.lines('reason').filter(line => line.startsWith('not-stored'))).toEqual([
      'not-stored reason=not-encodable',
      'not-stored reason=not-encodable',
    ])
  })
})
