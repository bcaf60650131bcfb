import type { Cache } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type CachesConfig, cachesFromFile, fromConfig } from '../src/index.js'
import { countedMemcached, countedRedis } from './connections.js'
import { fileWith } from './files.js'
import { openedAll } from './opened.js'

/** Writes and reads; a busy machine may need another try, since stores give up on a silent server after 120 ms. */
async function use(...caches: Cache[]): Promise<void> {
  for (const cache of caches) {
    const writeAndRead = async () => {
      await cache.set('key', cache.path)
      return cache.get('key')
    }
    await expect.poll(writeAndRead).toBe(cache.path)
  }
}

describe('Caches on one Redis', () => {
  it('share its connection however they name it, and the last that is closed closes it', async () => {
    const redis = await countedRedis()
    const { port } = redis
    const { a, b, c, d } = await openedAll({
      storeTimeout: '5s',
      url: redis.url,
      caches: {
        a: { ttl: '1m' },
        b: { type: 'redis', port },
        c: `${redis.url}/0`,
        d: { url: 'redis://127.0.0.1:1', host: '127.0.0.1', port, db: 0, tls: false },
      },
    })
    await use(a, b, c, d)
    await expect.poll(() => redis.connections()).toBe(1)
    await Promise.all([a.close(), c.close()])
    await use(b, d)
    await b.close()
    await use(d)
    await expect.poll(() => redis.connections()).toBe(1)
    await d.close()
    await expect.poll(() => redis.connections()).toBe(0)
  })

  it('have connections of their own where user, database or timeouts differ', async () => {
    const redis = await countedRedis()
    const { a, b, c } = await openedAll({
      storeTimeout: '5s',
      caches: { a: redis.url, b: `${redis.url}/1`, c: { url: redis.url, commandTimeout: '5s' } },
    })
    await use(a, b, c)
    await expect.poll(() => redis.connections()).toBe(3)
    await a.close()
    await use(b, c)
  })

  it('share the bus of their tiers too: one store and one bus for all', async () => {
    const redis = await countedRedis()
    const alone = await fromConfig({ type: 'tiered', remote: redis.url, storeTimeout: '5s' })
    await use(alone)
    const connectionsOfOne = await redis.connections()
    await alone.close()
    await expect.poll(() => redis.connections()).toBe(0)
    const { a, b } = await openedAll({
      type: 'tiered',
      storeTimeout: '5s',
      remote: redis.url,
      caches: {
        a: {},
        b: {},
        c: { type: 'tiered', local: { type: 'lru', maxEntries: 1 }, remote: redis.url },
      },
    })
    await use(a, b)
    await expect.poll(() => redis.connections()).toBe(connectionsOfOne)
    expect(connectionsOfOne).toBeGreaterThan(1)
  })

  it('keep local tiers of their own', async () => {
    const redis = await countedRedis()
    const { a, b } = await openedAll({
      type: 'tiered',
      remote: redis.url,
      local: 'memory:?maxEntries=1',
      storeTimeout: '5s',
      caches: { a: {}, b: {} },
    })
    await use(a, b)
    // Copies are kept from when the bus is up.
    await expect
      .poll(() => Promise.all([a.get('key'), b.get('key')]).then(() => [a.peek('key'), b.peek('key')]))
      .toEqual(['lookaside.a', 'lookaside.b'])
    await a.set('other', 1)
    expect([a.peek('key'), b.peek('key')]).toEqual([undefined, 'lookaside.b'])
  })

  it('are closed by one call where there is no other', async () => {
    const redis = await countedRedis()
    const cache = await fromConfig({
      type: 'tiered',
      remote: { type: 'migrating', to: redis.url, from: `${redis.url}/1` },
      storeTimeout: '5s',
    })
    await use(cache)
    await expect.poll(() => redis.connections()).toBe(2)
    await cache.close()
    await expect.poll(() => redis.connections()).toBe(0)
  })
})

describe('Caches on one memcached', () => {
  it('share its connection, and the last that is closed closes it', async () => {
    const memcached = await countedMemcached()
    const { a, b, c } = await openedAll({
      storeTimeout: '5s',
      url: memcached.url,
      caches: { a: {}, b: { type: 'memcached', servers: [memcached.address] }, c: `${memcached.url}/` },
    })
    await use(a, b, c)
    await expect.poll(() => memcached.connections()).toBe(1)
    await a.close()
    await use(b, c)
    await b.close()
    await use(c)
    await c.close()
    await expect.poll(() => memcached.connections()).toBe(0)
  })
})

describe('A cache that is off beside one that is on', () => {
  it('does not close what the other uses', async () => {
    const redis = await countedRedis()
    const { a, b } = await openedAll({
      url: redis.url,
      storeTimeout: '5s',
      caches: { a: { enabled: false }, b: {} },
    })
    expect(await a.getOrSet('key', () => 1)).toBe(1)
    await use(b)
    await a.close()
    await use(b)
    await b.close()
    await expect.poll(() => redis.connections()).toBe(0)
  })
})

it('Only the caches that are asked for are opened', async () => {
  const redis = await countedRedis()
  const config: CachesConfig<'a' | 'b'> = { url: redis.url, caches: { a: {}, b: { url: `${redis.url}/1` } } }
  const path = await fileWith('a.json', JSON.stringify(config))
  const { a } = await cachesFromFile(path, ['a'], { storeTimeout: '5s' })
  await use(a)
  await expect.poll(() => redis.connections()).toBe(1)
  await a.close()
})
