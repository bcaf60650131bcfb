import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../../tests/servers/index.js'
import { type RedisClient, redisStore } from '../src/index.js'
import { frameOf } from './frames.js'
import { sharedServer } from './shared-server.js'

const { url, prefix } = sharedServer()

describe.each<[string, () => RedisClient & { disconnect(): void }]>([
  ['with default settings', () => new Redis(url)],
  ['that connects lazily', () => new Redis(url, { lazyConnect: true })],
  ['that pipelines automatically', () => new Redis(url, { enableAutoPipelining: true })],
  ['over RESP2', () => new Redis(url, { protocol: 2 })],
  ['with RESP3 replies', () => new Redis(url, { replyMapping: 'resp3' })],
  ['that reads numbers as strings', () => new Redis(url, { stringNumbers: true })],
  ['with a key prefix', () => new Redis(url, { keyPrefix: `${prefix}tenant:` })],
])('a client %s', (kind, newClient) => {
  it('serves every operation, and is left open', async () => {
    const client = newClient()
    const store = redisStore({ client })
    const key = (name: string) => `${prefix}${kind.replaceAll(' ', '-')}:${name}`
    await store.ping()

    expect(await store.get(key('a'))).toBeUndefined()
    await store.set(key('a'), frameOf('one'), 60_000)
    const read = await store.get(key('a'))
    expect(await store.add(key('a'), frameOf(), 60_000)).toBeUndefined()
    const replaced = await store.replace(key('a'), frameOf('two'), 60_000, read?.version as object)
    expect(replaced).toBeDefined()
    expect(await store.delete(key('a'), read?.version)).toBe(false)
    expect(await store.delete(key('a'), replaced)).toBe(true)
    expect(await store.delete(key('a'))).toBe(false)

    expect(await store.increment(key('n'), 2n ** 60n, { initial: 1n, ttl: 60_000 })).toBe(2n ** 60n + 1n)
    expect(await store.increment(key('n'), -1n, { initial: 0n, ttl: 60_000 })).toBe(2n ** 60n)
    const added = await store.add(key('b'), frameOf('three'), 60_000)
    await store.expire?.(key('b'), randomBytes(8))
    expect(await store.replace(key('b'), frameOf(), 60_000, added as object)).toBeUndefined()
    const slots = await store.getMany([key('n'), key('a'), key('b')])
    expect(slots.map(slot => slot !== undefined)).toEqual([true, false, true])
    await store.deleteMany([key('b')])
    await store.clear?.(key(''))
    expect(await store.getMany([key('n'), key('b')])).toEqual([undefined, undefined])

    await store.close()
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
  })
})

describe('an injected client', () => {
  it('is given up by ping after connectTimeout, and is left with no listeners', async () => {
    const port = await freePort()
    const client = new Redis({ port, retryStrategy: () => 10 })
    client.on('error', () => {})
    const store = redisStore({ client, connectTimeout: 100 })
    const pings = await Promise.all(Array.from({ length: 5 }, () => store.ping().catch(error => error)))
    for (const error of pings) {
      expect(error).toMatchObject({
        code: 'ERR_CACHE_UNAVAILABLE',
        message: expect.stringContaining(`localhost:${port}`),
        cause: expect.any(Error),
      })
    }
    expect(client.listenerCount('error')).toBe(1)
    // One may be ioredis' own.
    expect(client.listenerCount('ready')).toBeLessThanOrEqual(1)
    client.disconnect()
  })

  it('is not closed with the store, whose calls then reject', async () => {
    const client = new Redis(url)
    const store = redisStore({ client })
    await store.close()
    await expect(store.get(`${prefix}x`)).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
  })
})
