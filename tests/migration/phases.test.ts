import {
  type Cache,
  type CacheOptions,
  createCache,
  type MigrationPhase,
  migratingStore,
} from '@lookaside/core'
import {
  eventTrace,
  ManualClock,
  type MemoryRemoteServer,
  type MemoryRemoteServerOptions,
  memoryRemoteServer,
} from '@lookaside/testing'
import { beforeEach, describe, expect, test } from 'vitest'

/** Where a process is in the migration: before it, in one of its phases, after it. */
type Stage = 'before' | MigrationPhase | 'after'

const ROLL_OUT = ['prepare', 'move', 'finish', 'after'] as const

/** Whether a server is like Redis or like memcached. */
const LIKE = { redis: [], memcached: ['expire', 'clear'] } as const

const HOUR = 3_600_000

let clock: ManualClock
let old: MemoryRemoteServer
let fresh: MemoryRemoteServer
let loads: string[]

function servers(from: keyof typeof LIKE, to: keyof typeof LIKE, more: MemoryRemoteServerOptions = {}): void {
  clock = new ManualClock()
  old = memoryRemoteServer({ clock, without: LIKE[from], ...more })
  fresh = memoryRemoteServer({ clock, without: LIKE[to] })
  loads = []
}

/** A process at some stage. */
function process(stage: Stage, options: Partial<CacheOptions> = {}): Cache {
  const store =
    stage === 'before'
      ? old.store()
      : stage === 'after'
        ? fresh.store()
        : migratingStore({ from: old.store(), to: fresh.store(), phase: stage, clock })
  return createCache({ store, clock, prefix: 'p', ttl: '1h', ...options })
}

/** What a process gets for a key, loading it where it has to. */
function row(cache: Cache, key: string, tags: readonly string[] = []): Promise<string> {
  const load = () => {
    loads.push(key)
    return `${key}, loaded ${loads.length}`
  }
  return cache.getOrSet(key, load, { tags })
}

async function cleared(cache: Cache): Promise<boolean> {
  const clearing = cache.clear()
  await clock.advance(2_000)
  return clearing
}

describe.each([
  ['memcached', 'redis'],
  ['redis', 'redis'],
  ['memcached', 'memcached'],
  ['redis', 'memcached'],
] as const)('From what is like %s to what is like %s', (from, to) => {
  const staysWarm = from === 'memcached' || to === 'redis'
  beforeEach(() => servers(from, to))

  test('what is read in each phase is loaded once, or once more where generations begin', async () => {
    await row(process('before'), 'a')
    await row(process('before'), 'tagged', ['t'])
    const expected = staysWarm ? ['a, loaded 1', 'tagged, loaded 2'] : ['a, loaded 3', 'tagged, loaded 4']
    for (const stage of ROLL_OUT) {
      const cache = process(stage)
      expect([await row(cache, 'a'), await row(cache, 'tagged', ['t'])]).toEqual(expected)
      expect([...(await cache.getMany(['a', 'tagged'])).values()]).toEqual(expected)
    }
    expect(loads.length).toBe(staysWarm ? 2 : 4)
  })

  test('what nobody has read before the end is lost', async () => {
    await row(process('before'), 'a')
    await row(process('after'), 'a')
    expect(loads).toEqual(['a', 'a'])
  })

  for (const [index, stage] of ROLL_OUT.slice(0, 3).entries()) {
    const neighbours = (index === 0 ? ['before', 'prepare'] : ROLL_OUT.slice(index - 1, index + 1)) as Stage[]

    test(`two processes about '${stage}' see each other's deletes`, async () => {
      for (const mine of neighbours) {
        for (const yours of neighbours) {
          const [here, there] = [process(mine), process(yours)]
          const before = await row(there, 'a')
          await here.delete('a')
          expect(await there.get('a')).toBeUndefined()
          expect(await row(there, 'a')).not.toBe(before)
          expect(await here.deleteMany(['a', 'b'])).toBe(true)
          expect(await there.get('a')).toBeUndefined()
        }
      }
    })

    test(`two processes about '${stage}' see each other's tags and expiries`, async () => {
      for (const mine of neighbours) {
        for (const yours of neighbours) {
          const [here, there] = [process(mine, { grace: '1h' }), process(yours, { grace: '1h' })]
          await row(there, 'a', ['t'])
          await here.deleteTags(['t'])
          expect(await there.get('a')).toBeUndefined()
          await row(there, 'a', ['t'])
          await here.expireTags(['t'])
          expect(await there.get('a')).toBeUndefined()
          await row(there, 'a', ['t'])
          await here.expire('a')
          expect(await there.get('a')).toBeUndefined()
        }
      }
    })

    test(`two processes about '${stage}' see each other's clear`, async () => {
      for (const mine of neighbours) {
        for (const yours of neighbours) {
          const [here, there] = [process(mine), process(yours)]
          await row(there, 'a')
          expect(await cleared(here)).toBe(true)
          expect(await there.get('a')).toBeUndefined()
          await there.delete('a')
        }
      }
    })
  }

  test('what was cleared on the way stays so afterwards', async () => {
    await row(process('before'), 'a')
    await row(process('move'), 'a')
    await row(process('move'), 'b')
    expect(await cleared(process('move'))).toBe(true)
    for (const stage of ['move', 'finish', 'after'] as const) {
      expect((await process(stage).getMany(['a', 'b'])).size).toBe(0)
    }
  })

  test('what was cleared before stays so, though the old store may hold it still', async () => {
    await row(process('before'), 'a')
    expect(await cleared(process('before'))).toBe(true)
    for (const stage of ROLL_OUT) expect(await process(stage).get('a')).toBeUndefined()
  })

  test("tags that are invalidated in 'finish' stay so, though the old store has their tokens", async () => {
    await row(process('before'), 'a', ['t'])
    await row(process('move'), 'a', ['t'])
    await process('finish').deleteTags(['t'])
    for (const stage of ['move', 'finish', 'after'] as const) {
      expect(await process(stage).get('a')).toBeUndefined()
    }
  })

  test('a process may go back a phase', async () => {
    await row(process('move'), 'a')
    await row(process('move'), 'b')
    await process('move').delete('b')
    const back = process('prepare')
    expect(await back.get('b')).toBeUndefined()
    await row(back, 'a')
    expect(await process('move').get('a')).toBe(await back.get('a'))
  })
})

describe('What is brought over', () => {
  beforeEach(() => servers('memcached', 'redis'))

  test('dies when it would have died, and is kept no longer than a few seconds more', async () => {
    await process('before').set('a', 1)
    await clock.advance(HOUR / 2)
    const cache = process('move')
    expect(await cache.get('a')).toBe(1)
    await clock.advance(HOUR / 2 - 1)
    expect(await cache.get('a')).toBe(1)
    await clock.advance(1)
    expect(await cache.get('a')).toBeUndefined()
    expect(fresh.keys()).toContain('p::a')
    await clock.advance(5_000)
    expect(fresh.keys()).not.toContain('p::a')
  })

  test('stays stale and is refreshed as ever', async () => {
    await process('before', { grace: '1h' }).set('a', 1)
    await clock.advance(HOUR)
    const cache = process('move', { grace: '1h' })
    const broken = () => Promise.reject(new Error('no database'))
    expect(await cache.getOrSet('a', broken)).toBe(1)
    expect(await cache.getOrSet('a', () => 2)).toBe(2)
    expect(await process('after', { grace: '1h' }).get('a')).toBe(2)
  })

  test('is nothing that is too large for the new store: that is served from where it is', async () => {
    servers('memcached', 'redis')
    fresh = memoryRemoteServer({ clock, limits: { maxValueBytes: 200 } })
    await process('before').set('a', 'x'.repeat(300))
    const cache = process('move')
    expect(await cache.get('a')).toBe('x'.repeat(300))
    expect(fresh.keys()).toEqual(['p:#gen:'])
    await cache.delete('a')
    expect(await cache.get('a')).toBeUndefined()
  })

  test('is no load under way: its claim counts where it was made', async () => {
    const before = process('prepare')
    let finish = (_value: string) => {}
    const loading = before.getOrSet('a', () => new Promise<string>(resolve => (finish = resolve)))
    await clock.advance(0)
    const cache = process('move')
    expect(await cache.get('a')).toBeUndefined()
    await cache.delete('a')
    finish('stale')
    expect(await loading).toBe('stale')
    expect(await before.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
  })
})

describe('What has no frame', () => {
  beforeEach(() => servers('redis', 'redis'))

  test('is served from the old store until it is written', async () => {
    await process('before', { codec: 'raw' }).set('a', 'text')
    const cache = process('move', { codec: 'raw' })
    expect(await cache.get('a')).toBe('text')
    expect(fresh.keys()).toEqual([])
    await cache.set('a', 'other')
    expect(await cache.get('a')).toBe('other')
    expect(old.keys()).toEqual([])
  })

  test('is counted on', async () => {
    const before = process('before')
    await before.increment('visits', 5)
    const cache = process('move')
    expect(await cache.get('visits')).toBe(5)
    expect(await cache.increment('visits')).toBe(6)
    expect(await process('after').get('visits')).toBe(6)
  })
})

describe('A process that migrates no more', () => {
  beforeEach(() => servers('redis', 'redis'))

  test('takes the trace of somebody who died on the way for a miss', async () => {
    await fresh.store().set('p::a', Buffer.from('lookaside:moving:0011223344556677'), HOUR)
    const cache = process('after')
    const trace = eventTrace(cache)
    expect(await row(cache, 'a')).toBe('a, loaded 1')
    expect(trace.types()).toEqual(['unusable', 'miss', 'load', 'commit'])
    expect(await cache.get('a')).toBe('a, loaded 1')
  })

  test("must not delete beside one in 'move', who would bring the old value back", async () => {
    await row(process('before'), 'a')
    await row(process('move'), 'a')
    await process('after').delete('a')
    expect(await process('move').get('a')).toBe('a, loaded 1')
  })

  test("may delete beside one in 'finish'", async () => {
    await row(process('before'), 'a')
    await row(process('move'), 'a')
    await process('after').delete('a')
    expect(await process('finish').get('a')).toBeUndefined()
  })
})

describe('A process that does not prepare', () => {
  test("must not delete beside one in 'move', who has the value already", async () => {
    servers('redis', 'redis')
    await row(process('before'), 'a')
    await row(process('move'), 'a')
    await process('before').delete('a')
    expect(await process('move').get('a')).toBe('a, loaded 1')
  })
})

test("a fleet's values stay valid until the end, generation by generation", async () => {
  servers('memcached', 'redis')
  const count = 3
  const shards = {
    count,
    of: (key: string) => Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % count,
    keyOn(shard: number, name: string): string {
      for (let attempt = 0; ; attempt++) {
        const key = attempt === 0 ? name : `${name}~${attempt}`
        if (shards.of(key) === shard) return key
      }
    },
  }
  const fleet = () => ({ ...old.store(), shards })
  const open = (store: CacheOptions['store']) => createCache({ store, clock, prefix: 'p', ttl: '1h' })
  const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)
  await open(fleet()).setMany(keys.map(key => [key, key]))
  for (const phase of ['prepare', 'move', 'finish'] as const) {
    const cache = open(migratingStore({ from: fleet(), to: fresh.store(), phase, clock }))
    expect([...(await cache.getMany(keys)).values()]).toEqual(keys)
  }
  expect([...(await process('after').getMany(keys)).values()]).toEqual(keys)
})
