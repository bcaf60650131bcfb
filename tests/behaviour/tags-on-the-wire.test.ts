import { type Cache, createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { type FaultyStore, faultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memory, openCache } from '../backends.js'
import { type CountedServer, countedMemcached, countedRedis } from './counted-servers.js'

interface Counted {
  readonly cache: Cache
  readonly clock: ManualClock
  /** The calls that the cache makes of its store: each is one round trip. */
  readonly calls: FaultyStore['calls']
  readonly during: CountedServer['during']
}

async function counted(start: () => Promise<CountedServer>): Promise<Counted> {
  const server = await start()
  const clock = new ManualClock()
  const store = faultyStore(server.openStore())
  const cache = openCache(memory, { store, clock, prefix: 'app' })
  await cache.ready({ timeout: '10s' })
  // Scripts are loaded, and what is read now and then has been read.
  await cache.set('warm', 1)
  await cache.getOrSet('warm', () => 2, { refresh: true })
  store.calls.length = 0
  return { cache, clock, calls: store.calls, during: work => server.during(work) }
}

const operations = (calls: FaultyStore['calls']) =>
  calls.splice(0).map(({ op, keys }) => `${op} ${keys.length}`)
const tagged = (count: number) => Array.from({ length: count }, (_, index) => `tag:${index}`)
const load = () => 'loaded'

describe('On Redis, by the count of its commands,', () => {
  it('an untagged hit is one get and nothing else', async () => {
    const { cache, calls, during } = await counted(countedRedis)
    await cache.set('a', 1)
    calls.length = 0
    expect(await during(() => cache.getOrSet('a', load))).toEqual({ get: 1 })
    expect(await during(() => cache.get('a'))).toEqual({ get: 1 })
    expect(await during(() => cache.getOrSet('a', ({ setTags }) => setTags(['t'])))).toEqual({ get: 1 })
    expect(operations(calls)).toEqual(['get 1', 'get 1', 'get 1'])
  })

  it('an untagged load and an untagged set know nothing of tags', async () => {
    const { cache, calls, during } = await counted(countedRedis)
    expect(await during(() => cache.getOrSet('a', load))).toEqual({
      get: 1,
      set: 2,
      evalsha: 1,
      getrange: 1,
    })
    expect(operations(calls)).toEqual(['get 1', 'add 1', 'replace 1'])
    expect(await during(() => cache.set('b', 1))).toEqual({ set: 1 })
  })

  it.each([1, 2, 64])('a hit whose %i tags are all named is one round trip', async count => {
    const { cache, calls, during } = await counted(countedRedis)
    const tags = tagged(count)
    await cache.getOrSet('a', load, { tags })
    calls.length = 0
    expect(await during(() => cache.getOrSet('a', load, { tags }))).toEqual({ mget: 1 })
    expect(await during(() => cache.get('a', { tags }))).toEqual({ mget: 1 })
    expect(operations(calls)).toEqual([`getMany ${count + 1}`, `getMany ${count + 1}`])
  })

  it('a hit with computed tags costs one more, batched', async () => {
    const { cache, calls, during } = await counted(countedRedis)
    const tags = () => tagged(10)
    await cache.getOrSet('a', load, { tags })
    await cache.set('b', 1, { tags: ['tag:0', 'one more'] })
    calls.length = 0
    expect(await during(() => cache.getOrSet('a', load, { tags }))).toEqual({ get: 1, mget: 1 })
    expect(operations(calls)).toEqual(['get 1', 'getMany 10'])
    expect(await during(() => cache.get('b', { tags: ['tag:0'] }))).toEqual({ mget: 1, get: 1 })
    expect(operations(calls)).toEqual(['getMany 2', 'get 1'])
  })

  it('a hundred hits at once are as many round trips as one, each in two requests that leave together', async () => {
    const { cache, calls, during } = await counted(countedRedis)
    const keys = Array.from({ length: 100 }, (_, index) => `row:${index}`)
    await cache.setMany(
      keys.map(key => [key, key] as const),
      { tags: value => ['rows', `value:${value}`] },
    )
    calls.length = 0
    const all = () => Promise.all(keys.map(key => cache.getOrSet(key, load, { tags: ['rows'] })))
    expect(await during(all)).toEqual({ mget: 4 })
    expect(await during(() => cache.getMany(keys))).toEqual({ mget: 4 })
    // The second time the token that all share is asked for by each part, which is judged in a tick of its own.
    expect(operations(calls)).toEqual(
      Array.from({ length: 8 }, () => expect.stringMatching(/^getMany (65|3[56])$/)),
    )
  })

  it('invalidating tags is two commands, however many entries there are', async () => {
    const { cache, calls, during } = await counted(countedRedis)
    const rows = Array.from({ length: 10 }, (_, index) => [`row:${index}`, index] as const)
    await cache.setMany(rows, { tags: ['rows'] })
    calls.length = 0
    expect(sum(await during(() => cache.deleteTags(['rows'])))).toBe(2)
    expect(operations(calls)).toEqual(['delete 1', 'deleteMany 1'])
    await cache.setMany(rows, { tags: ['rows'] })
    expect(sum(await during(() => cache.deleteTags(tagged(1_000))))).toBe(2)
  })

  it('invalidating the tag of 100,000 entries is two commands as well, and none of them is served', async () => {
    const redis = await countedRedis()
    const store = redis.openStore()
    // The frames are made by the cache, and written all at once.
    const frames: (readonly [string, Uint8Array])[] = []
    const filling = openCache(memory, {
      prefix: 'app',
      store: {
        ...redis.openStore(),
        async set(key: string, bytes: Uint8Array) {
          frames.push([key, bytes])
        },
      },
    })
    const cache = openCache(memory, { prefix: 'app', store })
    await cache.ready({ timeout: '10s' })
    const rows = Array.from({ length: 100_000 }, (_, index) => [`row:${index}`, index] as const)
    const keys = rows.map(([key]) => key)
    await filling.setMany(rows, { tags: ['rows'], ttl: '1h' })
    for (let from = 0; from < frames.length; from += 5_000) {
      await Promise.all(
        frames.slice(from, from + 5_000).map(([key, bytes]) => store.set(key, bytes, 3_600_000)),
      )
    }
    const some = keys.filter((_, index) => index % 100 === 0)
    expect((await cache.getMany(some)).size).toBe(1_000)
    expect(sum(await redis.during(() => cache.deleteTags(['rows'])))).toBe(2)
    expect((await cache.getMany(keys)).size).toBe(0)
  }, 60_000)
})

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}

describe('On memcached, by the count of the keys that it was asked for,', () => {
  it('an untagged hit is one get, and reads the generation of its namespace only now and then', async () => {
    const { cache, clock, calls, during } = await counted(countedMemcached)
    await cache.set('a', 1)
    const hundred = async () => {
      for (let hit = 0; hit < 100; hit++) expect(await cache.getOrSet('a', load)).toBe(1)
    }
    calls.length = 0
    expect(await during(hundred)).toEqual({ get: 100 })
    expect(new Set(operations(calls))).toEqual(new Set(['get 1']))
    await clock.advance(499)
    expect(await during(hundred)).toEqual({ get: 100 })
    await clock.advance(1)
    calls.length = 0
    expect(await during(hundred)).toEqual({ get: 101 })
    // In the round trip of the first hit.
    expect(operations(calls).filter(call => call !== 'get 1')).toEqual(['getMany 2'])
    await clock.advance(5_000)
    expect(await during(hundred)).toEqual({ get: 101 })
  })

  it('by the clock of the machine too', async () => {
    const server = await countedMemcached()
    const cache = openCache(memory, { store: server.openStore(), prefix: 'app' })
    await cache.set('a', 1)
    let took = 0
    const counts = await server.during(async () => {
      const began = performance.now()
      for (let hit = 0; hit < 100; hit++) await cache.getOrSet('a', load)
      took = performance.now() - began
    })
    // Once or twice within half a second, and once more for each half that a busy machine may have taken besides.
    expect(counts['get']).toBeLessThanOrEqual(102 + Math.floor(took / 500))
    expect(counts).toEqual({ get: counts['get'] })
  })

  it.each([1, 2, 64])('a hit whose %i tags are all named is one round trip', async count => {
    const { cache, calls, during } = await counted(countedMemcached)
    const tags = tagged(count)
    await cache.getOrSet('a', load, { tags })
    calls.length = 0
    expect(await during(() => cache.getOrSet('a', load, { tags }))).toEqual({ get: count + 1 })
    expect(operations(calls)).toEqual([`getMany ${count + 1}`])
  })

  it('a hit with computed tags costs one more round trip, batched', async () => {
    const { cache, calls, during } = await counted(countedMemcached)
    const tags = () => tagged(10)
    await cache.getOrSet('a', load, { tags })
    calls.length = 0
    expect(await during(() => cache.getOrSet('a', load, { tags }))).toEqual({ get: 11 })
    expect(operations(calls)).toEqual(['get 1', 'getMany 10'])
  })

  it('invalidating tags deletes their tokens and the epoch, however many entries there are', async () => {
    const { cache, calls, during } = await counted(countedMemcached)
    for (const count of [10, 2_000]) {
      const rows = Array.from({ length: count }, (_, index) => [`row:${index}`, index] as const)
      await cache.setMany(rows, { tags: ['rows'] })
      calls.length = 0
      expect(await during(() => cache.deleteTags(['rows']))).toEqual({ 'delete hit': 1, 'delete miss': 1 })
      expect(operations(calls)).toEqual(['delete 1', 'deleteMany 1'])
      expect((await cache.getMany(rows.map(([key]) => key))).size).toBe(0)
    }
  })
})

describe('In a local tier', () => {
  it('tagged hits ask the remote store for nothing', async () => {
    const store = faultyStore(memory.openStore() as FaultyStore)
    const cache = createCache({ store: [lruStore(), store], prefix: 'local-hits', ttl: '1h' })
    onTestFinished(() => cache.close())
    await cache.getOrSet('named', load, { tags: ['t'] })
    await cache.getOrSet('computed', load, { tags: () => ['t', 'u'] })
    store.calls.length = 0
    for (let hit = 0; hit < 10; hit++) {
      await cache.getOrSet('named', load, { tags: ['t'] })
      await cache.getOrSet('computed', load, { tags: () => ['t', 'u'] })
      await cache.get('computed', { tags: ['t'] })
    }
    expect(store.calls).toEqual([])
    await cache.deleteTags(['t'])
    expect([cache.peek('named'), cache.peek('computed')]).toEqual([undefined, undefined])
  })
})

describe('A Redis that is out of memory', () => {
  async function full() {
    const redis = await countedRedis('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction')
    const cache = openCache(memory, { store: redis.openStore(), prefix: 'app', grace: '1h' })
    await cache.ready({ timeout: '10s' })
    await cache.setMany(
      ['a', 'b', 'c'].map(key => [key, key] as const),
      { tags: value => [`tag:${value}`] },
    )
    // Smaller and smaller ones, until there is no room for any.
    for (const size of [50_000, 1_000, 1]) {
      for (let row = 0; await cache.set(`${size}:${row}`, 'x'.repeat(size)); row++)
        expect(row).toBeLessThan(10_000)
    }
    return cache
  }

  it('still lets tags be deleted', async () => {
    const cache = await full()
    expect(await cache.deleteTags(['tag:a', 'tag:b'])).toBe(true)
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['c', 'c']]))
  })

  it('deletes the tags that it has no room to expire', async () => {
    const cache = await full()
    expect(await cache.expireTags(['tag:a'])).toBe(true)
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['b', 'b'],
        ['c', 'c'],
      ]),
    )
  })

  it('has callers load what it can not store', async () => {
    const cache = await full()
    await cache.deleteTags(['tag:a'])
    expect(await cache.getOrSet('a', load, { tags: ['tag:a'] })).toBe('loaded')
    expect(await cache.getOrSet('a', () => 'loaded again', { tags: ['tag:a'] })).toBe('loaded again')
  })
})
