import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { RedisCanary } from '../src/redis-canary.js'

let server: Server
let client: Redis

beforeAll(async () => {
  server = await startRedis()
  client = new Redis(server.port)
})
afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

describe('a canary', () => {
  it('is there until somebody takes it, and then anew', async () => {
    const canary = new RedisCanary('a', 1_000)
    expect(await canary.place(client)).toBe(true)
    expect(await canary.wasGone(client)).toBe(false)
    await client.flushall()
    expect(await canary.wasGone(client)).toBe(true)
    expect(await canary.wasGone(client)).toBe(false)
  })

  it('is gone for good once it was removed, whoever looks for it meanwhile', async () => {
    const canary = new RedisCanary('e', 1_000)
    await canary.place(client)
    const looks = [
      canary.wasGone(client),
      canary.remove(client),
      canary.wasGone(client),
      canary.place(client),
    ]
    expect(await Promise.all(looks)).toEqual([false, undefined, false, false])
    expect(await client.exists('e')).toBe(0)
  })

  it('has its time to live renewed after a minute, not with every look', async () => {
    const canary = new RedisCanary('b', 1_000)
    await canary.place(client)
    await client.pexpire('b', 100_000)
    await canary.wasGone(client)
    expect(await client.pttl('b')).toBeLessThanOrEqual(100_000)
    const now = performance.now()
    vi.spyOn(performance, 'now').mockReturnValue(now + 60_000)
    await canary.wasGone(client)
    expect(await client.pttl('b')).toBeGreaterThan(290_000)
  })

  it('outlives some heartbeats, however long they are', async () => {
    await new RedisCanary('c', 3_600_000).place(client)
    expect(await client.pttl('c')).toBeGreaterThan(3 * 3_600_000)
  })

  it('tells of a primary that has become a replica', async () => {
    const canary = new RedisCanary('d', 1_000)
    await canary.place(client)
    await client.replicaof('127.0.0.1', 1)
    await expect(canary.wasGone(client)).rejects.toThrow('READONLY')
    await client.replicaof('NO', 'ONE')
    expect(await canary.wasGone(client)).toBe(false)
  })
})
