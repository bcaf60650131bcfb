import { type MigrationPhase, migratingStore, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { ManualClock, memoryRemoteServer, remoteStoreSuite } from '@lookaside/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startMemcached, startRedis } from '../servers/index.js'
import { lyingInTheOld } from './lying-in-the-old.js'

const PHASES: readonly MigrationPhase[] = ['prepare', 'move', 'finish']

/** Enough for a busy machine. */
const PATIENCE = '5s'

describe.each(PHASES)("in memory, in phase '%s'", phase => {
  for (const without of [[], ['expire'], ['clear'], ['expire', 'clear']] as const) {
    describe(`where neither has ${without.join(' and ') || 'less than all'}`, () => {
      const clock = new ManualClock()
      const [from, to] = [memoryRemoteServer({ clock, without }), memoryRemoteServer({ clock, without })]
      remoteStoreSuite({
        test,
        create: () => migratingStore({ from: from.store(), to: to.store(), phase, clock }),
        advance: ms => clock.advance(ms),
      })
    })
  }

  test.each([['from'], ['to']] as const)("takes no more than '%s' does", async small => {
    const tight = memoryRemoteServer({ limits: { maxValueBytes: 2_000, ttlStep: 500 } }).store()
    const wide = memoryRemoteServer().store()
    const store = migratingStore(small === 'from' ? { from: tight, to: wide } : { from: wide, to: tight })
    expect(store.limits).toEqual({ maxValueBytes: 2_000, ttlStep: 500 })
    await expect(store.set('a', new Uint8Array(2_001), 1_000)).rejects.toMatchObject({
      code: 'ERR_CACHE_TOO_LARGE',
    })
    await store.close()
  })
})

describe('of values and counters that lie in the old store', () => {
  const clock = new ManualClock()
  const [from, to] = [memoryRemoteServer({ clock }), memoryRemoteServer({ clock })]
  remoteStoreSuite({
    test,
    create: () =>
      lyingInTheOld(phase => migratingStore({ from: from.store(), to: to.store(), phase, clock })),
    advance: ms => clock.advance(ms),
  })
})

describe('on real servers', () => {
  const servers: Server[] = []
  const open: Record<string, () => RemoteStore> = {}

  beforeAll(async () => {
    const [redisA, redisB, memcachedA, memcachedB] = await Promise.all([
      startRedis(),
      startRedis(),
      startMemcached(),
      startMemcached(),
    ])
    servers.push(redisA, redisB, memcachedA, memcachedB)
    const redis = (server: Server) => () =>
      redisStore({ url: `redis://${server.address}`, socketTimeout: PATIENCE, maxValueBytes: 1_000_000 })
    const memcached = (server: Server) => () =>
      memcachedStore({ url: `memcached://${server.address}`, timeout: PATIENCE })
    Object.assign(open, {
      'redis-from': redis(redisA),
      'redis-to': redis(redisB),
      'memcached-from': memcached(memcachedA),
      'memcached-to': memcached(memcachedB),
    })
  })
  afterAll(() => Promise.all(servers.map(server => server.stop())))

  const opened = (name: string) => (open[name] as () => RemoteStore)()

  for (const from of ['redis', 'memcached']) {
    for (const to of ['redis', 'memcached']) {
      const stores = () =>
        ({ from: opened(`${from}-from`), to: opened(`${to}-to`), timeout: PATIENCE }) as const
      // In 'finish' it is the new store with a delete in the old one.
      for (const phase of ['prepare', 'move'] as const) {
        describe(`from ${from} to ${to}, in phase '${phase}'`, () => {
          remoteStoreSuite({
            test: test.concurrent,
            create: () => migratingStore({ ...stores(), phase }),
          })
        })
      }
      if (from === to) continue
      describe(`from ${from} to ${to}, of what lies in the old one`, () => {
        remoteStoreSuite({
          test: test.concurrent,
          create: () => lyingInTheOld(phase => migratingStore({ ...stores(), phase })),
        })
      })
    }
  }
})
