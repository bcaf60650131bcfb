import { migratingStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { newPrefix } from '../backends.js'
import { type Server, startMemcached, startRedis } from '../servers/index.js'
import { type Member, type MemberProcess, type Stage, startMember } from './member.js'

const PAIRS = [
  ['memcached', 'redis'],
  ['redis', 'redis'],
  ['memcached', 'memcached'],
  ['redis', 'memcached'],
] as const

const servers = new Map<string, Server>()
beforeAll(async () => {
  const [redisFrom, redisTo, memcachedFrom, memcachedTo] = await Promise.all([
    startRedis(),
    startRedis(),
    startMemcached(),
    startMemcached(),
  ])
  servers.set('redis from', redisFrom).set('redis to', redisTo)
  servers.set('memcached from', memcachedFrom).set('memcached to', memcachedTo)
})
afterAll(() => Promise.all([...servers.values()].map(server => server.stop())))

const urlOf = (name: string, end: 'from' | 'to') => `${name}://${servers.get(`${name} ${end}`)?.address}`

describe.each(PAIRS)('From %s to %s, several processes', (from, to) => {
  const started: MemberProcess[] = []
  afterAll(() => Promise.all(started.map(process => process.kill())))

  function start(stage: Stage): MemberProcess {
    const process = startMember({ stage, from: urlOf(from, 'from'), to: urlOf(to, 'to') })
    started.push(process)
    return process
  }

  /**
   * Opens caches under a prefix that is new, each in another process.
   *
   * Those that were started for an earlier test serve this one too: to start them takes longer than the tests.
   */
  function opening(): (stage: Stage) => Promise<Member> {
    const prefix = newPrefix()
    const free = [...started]
    return stage => {
      const at = free.findIndex(process => process.stage === stage)
      const process = at < 0 ? start(stage) : (free.splice(at, 1)[0] as MemberProcess)
      return process.cache(prefix)
    }
  }

  const mixes = [
    ['prepare', 'move'],
    ['move', 'move'],
    ...(from === 'memcached' && to === 'redis'
      ? ([
          ['before', 'prepare'],
          ['move', 'finish'],
          ['finish', 'after'],
        ] as const)
      : []),
  ] as const

  test.each(mixes)(
    "in '%s' and '%s' serve nothing that was deleted, while they read and delete",
    async (one, other) => {
      const open = opening()
      const filler = await open(one)
      for (let key = 0; key < 20; key++) await filler.ask('getOrSet', { key: `k${key}`, value: 0 })
      const members = [filler, ...(await Promise.all([open(one), open(other), open(other)]))]
      const results = await Promise.all(
        members.map(member => member.ask('mix', { keys: 20, ms: 700, atLeast: 50, writes: 0.1 })),
      )
      for (const { reads, stale } of results) {
        expect(reads).toBeGreaterThanOrEqual(50)
        expect(stale).toBe(0)
      }
    },
  )

  test('count exactly on from what the old cache had', async () => {
    const open = opening()
    const before = await open('before')
    for (let key = 0; key < 5; key++) await before.ask('increment', { key: `c${key}`, by: 1_000 })
    const members = await Promise.all(Array.from({ length: 4 }, () => open('move')))
    for (let key = 0; key < 5; key++) {
      const counts = await Promise.all(
        members.map(member => member.ask('count', { key: `c${key}`, times: 50 })),
      )
      const all = counts.flat().sort((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: 200 }, (_, index) => 1_001 + index))
    }
  })
})

describe('An old memcached', () => {
  let old: Server
  let fresh: Server
  beforeAll(async () => {
    ;[old, fresh] = await Promise.all([startMemcached(), startRedis()])
  })
  afterAll(() => Promise.all([old.stop(), fresh.stop()]))

  function open(stage: Stage, prefix: string): Promise<Member> {
    const process = startMember({ stage, ...urls() })
    onTestFinished(() => process.kill())
    return process.cache(prefix)
  }

  const urls = () => ({ from: `memcached://${old.address}`, to: `redis://${fresh.address}` })

  test('that is frozen, and comes back with its old data, brings nothing back that was deleted', async () => {
    const prefix = newPrefix()
    const [before, one, other] = [
      await open('before', prefix),
      await open('move', prefix),
      await open('move', prefix),
    ]
    await before.ask('set', { key: 'a', value: 'old' })
    await before.ask('set', { key: 'b', value: 'untouched' })
    await before.ask('set', { key: 'c', value: 'read before' })
    expect(await other.ask('get', { key: 'c' })).toBe('read before')
    old.freeze()
    try {
      expect(await one.ask('delete', { key: 'a' })).toBe(true)
      expect(await other.ask('get', { key: 'a' })).toBeUndefined()
    } finally {
      old.thaw()
    }
    expect(await other.ask('get', { key: 'a' })).toBeUndefined()
    expect(await one.ask('get', { key: 'a' })).toBeUndefined()
    await vi.waitFor(async () => expect(await before.ask('get', { key: 'a' })).toBeUndefined(), {
      timeout: 10_000,
    })
    await vi.waitFor(async () => expect(await other.ask('get', { key: 'b' })).toBe('untouched'), {
      timeout: 10_000,
    })
  })

  test('that is killed is a miss, and counts again when it is back', async () => {
    const prefix = newPrefix()
    const before = await open('before', prefix)
    const member = await open('move', prefix)
    await before.ask('set', { key: 'a', value: 'brought over' })
    await before.ask('set', { key: 'b', value: 'lost' })
    expect(await member.ask('get', { key: 'a' })).toBe('brought over')
    await old.kill()
    expect(await member.ask('get', { key: 'a' })).toBe('brought over')
    expect(await member.ask('getOrSet', { key: 'b', value: 'loaded' })).toBe('loaded')
    expect(await member.ask('delete', { key: 'a' })).toBe(true)
    await old.restart()
    expect(await member.ask('get', { key: 'b' })).toBe('loaded')
    // A counter has no generation, which the old server has lost.
    await vi.waitFor(() => before.ask('increment', { key: 'c', by: 5 }), { timeout: 10_000 })
    await vi.waitFor(async () => expect(await member.ask('get', { key: 'c' })).toBe(5), { timeout: 10_000 })
  })

  test('leaves no tombstone in the new one once its deletes have landed', async () => {
    const store = migratingStore({
      from: memcachedStore(urls().from),
      to: redisStore(urls().to),
    })
    const seen = redisStore(urls().to)
    const key = `${newPrefix()}::k`
    await store.get(key)
    old.freeze()
    try {
      await store.delete(key)
    } finally {
      old.thaw()
    }
    await store.close()
    expect(await seen.get(key)).toBeUndefined()
    await seen.close()
  })
})
