import { createCache, migratingStore, type RemoteStore } from '@lookaside/core'
import {
  eventTrace,
  type FaultyStore,
  faultyStore,
  ManualClock,
  memoryRemoteServer,
} from '@lookaside/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { framed, KEY } from './frames.js'

const HOUR = 3_600_000

let clock: ManualClock
let old: RemoteStore
let fresh: FaultyStore
let preparing: RemoteStore

beforeEach(() => {
  clock = new ManualClock()
  old = memoryRemoteServer({ clock }).store()
  fresh = faultyStore(memoryRemoteServer({ clock }).store(), { clock })
  preparing = migratingStore({ from: old, to: fresh, phase: 'prepare', clock })
})

describe("In 'prepare', with the new store down,", () => {
  test('values are read, loaded and stored as ever', async () => {
    fresh.fail()
    const cache = createCache({ store: preparing, clock })
    const trace = eventTrace(cache)
    expect(await cache.getOrSet('a', () => 1)).toBe(1)
    expect(await cache.getOrSet('a', () => 2)).toBe(1)
    expect(await cache.set('b', 3)).toBe(true)
    expect(await cache.get('b')).toBe(3)
    expect(trace.types()).toEqual(['miss', 'load', 'commit', 'hit', 'set', 'hit'])
  })

  test('a value written is deleted there as soon as that answers', async () => {
    await fresh.set(KEY, await framed('older', clock), HOUR)
    fresh.fail()
    await preparing.set(KEY, await framed('newer', clock), HOUR)
    fresh.heal()
    await clock.advance(1_000)
    expect(await fresh.get(KEY)).toBeUndefined()
  })

  test('an invalidation is queued, and the cache is not taken for down', async () => {
    const cache = createCache({ store: preparing, clock })
    await cache.set('a', 1)
    fresh.fail()
    for (let attempt = 0; attempt < 10; attempt++) {
      await clock.advance(1)
      expect(await cache.delete(`b${attempt}`)).toBe(false)
      expect(await cache.expire(`b${attempt}`)).toBe(false)
      expect(await cache.deleteTags(['t'])).toBe(false)
    }
    expect(await cache.get('a')).toBe(1)
  })

  test('an expiry that the core makes of a read and a write is queued too', async () => {
    const plain = memoryRemoteServer({ clock, without: ['expire'] }).store()
    const store = migratingStore({ from: plain, to: fresh, phase: 'prepare', clock })
    const cache = createCache({ store, clock, grace: '1h' })
    await cache.getOrSet('a', () => 1, { tags: ['t'] })
    fresh.fail()
    expect(await cache.expire('a')).toBe(false)
    expect(await cache.expireTags(['t'])).toBe(false)
  })

  test('what is frozen costs a delete its timeout', async () => {
    fresh.hang()
    const deleted = preparing.delete(KEY)
    const refused = expect(deleted).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    await clock.advance(100)
    await refused
  })
})

test("In 'move', with the new store down, everything rejects with its error", async () => {
  const store = migratingStore({ from: old, to: fresh, clock })
  const lost = new Error('connection lost')
  fresh.fail(lost)
  await expect(store.get(KEY)).rejects.toBe(lost)
  await expect(store.delete(KEY)).rejects.toBe(lost)
  await expect(store.set(KEY, await framed('a', clock), HOUR)).rejects.toBe(lost)
  await expect(store.increment(KEY, 1n, { initial: 0n, ttl: HOUR })).rejects.toBe(lost)
})

test('A failure in the middle of a batch is the failure of its key', async () => {
  const store = migratingStore({ from: old, to: fresh, clock })
  for (const key of ['p::a', KEY]) await old.set(key, await framed('old', clock), HOUR)
  fresh.fail(new Error('connection lost'), { ops: ['replace'], times: 1 })
  const found = await store.getMany([KEY, KEY, 'p::gone'])
  expect(found[0]).toBeInstanceOf(Error)
  expect(found[2]).toBeUndefined()
})
