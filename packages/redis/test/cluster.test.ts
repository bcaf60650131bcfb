import type { RemoteStore } from '@lookaside/core'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { type ClusterServers, startCluster } from './cluster-servers.js'
import { frameOf } from './frames.js'

let servers: ClusterServers
let client: Cluster
let store: RemoteStore

const newClient = () =>
  new Cluster(
    servers.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    {
      ...{
        maxRedirections: 1,
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        slotsRefreshTimeout: 500,
      },
      redisOptions: { maxRetriesPerRequest: 0, socketTimeout: 300 },
    },
  )
const keys = Array.from({ length: 100 }, (_, index) => `app:${index}`)

beforeAll(async () => {
  servers = await startCluster()
  client = newClient()
  store = redisStore({ client })
})
afterAll(async () => {
  await store.close()
  client.disconnect()
  await servers.stop()
})

describe('a store on a Redis Cluster', () => {
  it('reads and deletes many keys, whichever nodes they are on', async () => {
    await store.ping()
    await Promise.all(keys.map(key => store.set(key, Buffer.from(key), 60_000)))
    const slots = await store.getMany([...keys, 'absent'])
    const texts = slots.map(slot => slot && 'bytes' in slot && String(slot.bytes))
    expect(texts).toEqual([...keys, undefined])
    await store.deleteMany(keys)
    expect(await store.getMany(keys)).toEqual(keys.map(() => undefined))
  })

  it('compares and sets, counts and expires on the node of the key', async () => {
    for (const key of keys) {
      const version = await store.add(key, frameOf('one'), 60_000)
      expect(await store.replace(key, frameOf('two'), 60_000, version as object)).toBeDefined()
      expect(await store.delete(key, version)).toBe(false)
      await store.expire?.(key, new Uint8Array(8))
      expect(await store.delete(key)).toBe(true)
      expect(await store.increment(key, 1n, { initial: 0n, ttl: 60_000 })).toBe(1n)
    }
  })

  it('clears every master, also as the very first thing that its client does', async () => {
    await Promise.all([...keys, 'other:1'].map(key => store.set(key, Buffer.from(key), 60_000)))
    const fresh = newClient()
    await redisStore({ client: fresh }).clear?.('app:')
    fresh.disconnect()
    expect(await store.getMany(keys)).toEqual(keys.map(() => undefined))
    expect(await store.get('other:1')).toBeDefined()
  })

  it('is named so', () => {
    expect(store.name).toBe('redis(cluster)')
  })

  it('loses only the keys of a node that fails', async () => {
    await Promise.all(keys.map(key => store.set(key, Buffer.from(key), 60_000)))
    await servers.nodes[2]?.kill()
    const slots = await store.getMany(keys)
    const failed = slots.filter(slot => slot instanceof Error)
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(keys.length)
    expect(slots).not.toContain(undefined)
  })
})
