import { migratingStore, type RemoteStore } from '@lookaside/core'
import {
  type FaultyStore,
  faultyStore,
  ManualClock,
  type MemoryRemoteServer,
  memoryRemoteServer,
} from '@lookaside/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { framed, KEY, wordOf } from './frames.js'

const HOUR = 3_600_000

let clock: ManualClock
let oldServer: MemoryRemoteServer
let newServer: MemoryRemoteServer
/** What this process has of the old store. */
let old: FaultyStore
let store: RemoteStore

beforeEach(async () => {
  clock = new ManualClock()
  oldServer = memoryRemoteServer({ clock })
  newServer = memoryRemoteServer({ clock })
  old = faultyStore(oldServer.store(), { clock })
  store = migratingStore({ from: old, to: newServer.store(), clock })
  await oldServer.store().set(KEY, await framed('old', clock), HOUR)
})

/** A process that reaches both. */
function other(): RemoteStore {
  return migratingStore({ from: oldServer.store(), to: newServer.store(), clock })
}

async function found(): Promise<string | undefined> {
  const stored = await other().get(KEY)
  return stored && wordOf(stored)
}

const inOld = () => oldServer.store().get(KEY)
const tombstones = () => newServer.keys().filter(key => key.startsWith('lookaside#gone:'))

describe('An old store that does not answer', () => {
  test('is a miss once its time is up, and one value of a batch costs what all of them do', async () => {
    old.hang()
    const reads = Promise.all([store.get(KEY), store.getMany([KEY, 'p::a', 'p::b'])])
    await clock.advance(100)
    expect(await reads).toEqual([undefined, [undefined, undefined, undefined]])
  })

  test('costs one operation its timeout once, not once for each call', async () => {
    old.delay(60)
    const read = store.get(KEY)
    await clock.advance(100)
    expect(await read).toBeUndefined()
  })

  test('is left alone after three failures, probed, and read again when it answers', async () => {
    old.fail()
    for (let read = 0; read < 10; read++) {
      await clock.advance(1)
      expect(await store.get(KEY)).toBeUndefined()
    }
    expect(old.calls.filter(({ op }) => op === 'get').length).toBe(3)
    await clock.advance(500)
    await store.get(KEY)
    await clock.advance(0)
    expect(old.calls.filter(({ op }) => op === 'ping').length).toBe(1)
    old.heal()
    await clock.advance(500)
    await store.get(KEY)
    await clock.advance(0)
    expect(await store.get(KEY)).toBeDefined()
  })

  test('may fail between the claim and the read: the claim is given up', async () => {
    const get = old.get.bind(old)
    let reads = 0
    old.get = key => (++reads === 2 ? Promise.reject(new Error('lost')) : get(key))
    expect(await store.get(KEY)).toBeUndefined()
    expect(newServer.keys()).toEqual([])
    expect(await store.get(KEY)).toBeDefined()
  })
})

describe('A token that the old store may have', () => {
  const token = Buffer.alloc(24, 1)

  test('is not made anew before that is known to be down', async () => {
    old.fail(undefined, { times: 1 })
    await expect(store.add('p:#gen:', token, HOUR)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(newServer.keys()).toEqual([])
    expect(await store.add('p:#gen:', token, HOUR)).toBeDefined()
  })

  test('is made anew once it is known to be down', async () => {
    old.fail()
    const attempt = () => store.add('p:#gen:', token, HOUR).catch(() => undefined)
    for (let failures = 0; failures < 2; failures++) {
      expect(await attempt()).toBeUndefined()
      await clock.advance(1)
    }
    expect(await attempt()).toBeDefined()
  })
})

const DELETES: [string, () => Promise<unknown>][] = [
  ['delete', () => store.delete(KEY)],
  ['deleteMany', () => store.deleteMany([KEY, 'p::other'])],
  ['expire', async () => store.expire?.(KEY, new Uint8Array(8))],
  ['set', async () => store.set(KEY, await framed('new', clock), HOUR)],
]

describe.each(DELETES)('A %s that the old store does not take', (name, invalidate) => {
  test('is seen by every process at once', async () => {
    old.fail()
    await invalidate()
    await newServer.store().delete(KEY)
    expect(await other().get(KEY)).toBeUndefined()
    expect(await other().getMany([KEY])).toEqual([undefined])
    expect(await inOld()).toBeDefined()
  })

  test('is sent again until it lands, after pauses that grow; then nothing is left of it', async () => {
    old.fail()
    await invalidate()
    await clock.advance(5_000)
    const tries = old.calls.filter(({ op }) => op === 'delete' || op === 'ping').length
    expect(tries).toBeGreaterThan(3)
    expect(tries).toBeLessThan(20)
    old.heal()
    await clock.advance(2_000)
    expect(await inOld()).toBeUndefined()
    expect(tombstones()).toEqual([])
    expect((await store.get(KEY)) === undefined).toBe(name !== 'set')
  })

  test('is tried once more when the store is closed', async () => {
    old.fail()
    await invalidate()
    old.heal()
    const closed = store.close()
    await clock.advance(1_000)
    await closed
    expect(await inOld()).toBeUndefined()
  })

  test('holds up a close no longer than a second, and is kept in mind by the others', async () => {
    old.hang()
    const done = invalidate()
    await clock.advance(100)
    await done
    await newServer.store().delete(KEY)
    const closed = store.close()
    await clock.advance(1_000)
    await closed
    expect(await other().get(KEY)).toBeUndefined()
  })

  test('rejects where the new store does not take it either', async () => {
    old.fail()
    const to = faultyStore(newServer.store())
    to.fail()
    const lost = migratingStore({ from: old, to, clock })
    store = lost
    await expect(invalidate()).rejects.toThrow()
  })
})

describe('A delete that has not landed', () => {
  test('hides no value that was written since', async () => {
    old.fail()
    await store.delete(KEY)
    await other().set(KEY, await framed('new', clock), HOUR)
    expect(await found()).toBe('new')
    old.heal()
    await clock.advance(1_000)
    expect(await found()).toBe('new')
  })

  test('of more keys than are kept in line ends all reads of the old store', async () => {
    old.fail()
    const keys = Array.from({ length: 10_001 }, (_, index) => `p::${index}`)
    await store.deleteMany(keys)
    old.heal()
    await clock.advance(2_000)
    const calls = old.calls.length
    expect(await store.get(KEY)).toBeUndefined()
    expect(old.calls.length).toBe(calls)
    expect(await other().get(KEY)).toBeDefined()
  })
})

test('What was deleted is not served when the old store comes back with what it had', async () => {
  old.hang()
  const deleted = store.delete(KEY)
  await clock.advance(100)
  expect(await deleted).toBe(false)
  old.heal()
  expect(await store.get(KEY)).toBeUndefined()
  expect(await other().get(KEY)).toBeUndefined()
  await clock.advance(2_000)
  expect(await other().get(KEY)).toBeUndefined()
})

test('A delete by the version of what lies in the old store rejects where that does not answer', async () => {
  await oldServer.store().set(KEY, Buffer.from('no frame'), HOUR)
  const stored = await store.get(KEY)
  old.fail()
  await expect(store.delete(KEY, stored?.version)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
})
