import { type BusCut, busSuite } from '@lookaside/testing'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { redisBus, redisStore } from '../src/index.js'
import { type ClusterServers, startCluster } from './cluster-servers.js'

let server: Server
let admin: Redis

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.port, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  admin.on('error', () => {})
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

const cuts: Record<string, BusCut> = {
  'connections killed': {
    async cut() {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    },
    restore() {},
  },
  'server frozen': {
    cut: () => server.freeze(),
    restore: () => server.thaw(),
  },
  'server restarted': {
    cut: () => server.kill(),
    restore: () => server.restart(),
  },
}

/** Servers of other test files take the processor at times: what takes long there must not look like a cut. */
const PATIENT = { connectTimeout: '1s', socketTimeout: '1s' } as const
const own = () => ({ ...PATIENT, port: server.port })

describe('with a connection of its own', () => {
  busSuite('a bus of messages', {
    kind: 'messages',
    test,
    cuts,
    create: () => redisBus(own(), { heartbeat: 100 }),
  })

  busSuite('a bus of changes', {
    kind: 'changes',
    test,
    cuts,
    create: () => redisBus(own(), { mode: 'tracking', heartbeat: 100 }),
    client: {
      set: (key, bytes, ttl) => admin.set(key, Buffer.from(bytes), 'PX', ttl),
      delete: key => admin.del(key),
      flush: () => admin.flushall(),
      async evict(key) {
        await admin.config('SET', 'maxmemory-policy', 'allkeys-random')
        await admin.config('SET', 'maxmemory', '1')
        while ((await admin.exists(key)) === 1);
        await admin.config('SET', 'maxmemory', '0')
      },
    },
  })
})

describe('on a client of the application', () => {
  let client: Redis
  beforeAll(() => {
    client = new Redis(server.port, { keyPrefix: 'tenant:' })
    client.on('error', () => {})
  })
  afterAll(() => client.disconnect())
  const injected = () => ({ ...PATIENT, client })

  busSuite('a bus of messages', { kind: 'messages', test, create: () => redisBus(injected()) })

  busSuite('a bus of changes', {
    kind: 'changes',
    test,
    create: () => redisBus(injected(), { mode: 'tracking' }),
    client: {
      set: (key, bytes, ttl) => client.set(key, Buffer.from(bytes), 'PX', ttl),
      delete: key => client.del(key),
      flush: () => client.flushall(),
    },
    own: () => redisStore({ client }),
  })
})

describe('on a Cluster', () => {
  let servers: ClusterServers
  let cluster: Cluster
  beforeAll(async () => {
    servers = await startCluster()
    cluster = new Cluster([{ host: '127.0.0.1', port: servers.nodes[0]?.port as number }])
  })
  afterAll(async () => {
    cluster.disconnect()
    await servers.stop()
  })
  const clustered = () => ({ ...PATIENT, client: cluster })

  busSuite('a bus of messages', { kind: 'messages', test, create: () => redisBus(clustered()) })

  busSuite('a bus of changes', {
    kind: 'changes',
    test,
    create: () => redisBus(clustered(), { mode: 'tracking' }),
    client: {
      set: (key, bytes, ttl) => cluster.set(key, Buffer.from(bytes), 'PX', ttl),
      delete: key => cluster.del(key),
      // It drops what one of the nodes holds, no matter which.
      flush: async () => await cluster.nodes('master')[1]?.flushall(),
    },
  })
})
