import { ManualClock, memoryRemoteServer, memoryRemoteStore, remoteStoreSuite } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { comparing } from './broken/broken-store.js'

const bytes = Buffer.from('bytes')

test('a store in memory has the name and limits given', () => {
  const store = memoryRemoteStore({ name: 'redis', limits: { maxValueBytes: 2_000 } })
  expect(store.name).toBe('redis')
  expect(store.limits).toEqual({ maxValueBytes: 2_000, ttlStep: 1 })
  expect(memoryRemoteStore().name).toBe('memory')
})

test('a store in memory expires by its clock to the millisecond', async () => {
  const clock = new ManualClock()
  const store = memoryRemoteStore({ clock })
  await store.set('a', bytes, 1_000)
  await clock.advance(999)
  expect(await store.get('a')).toBeDefined()
  await clock.advance(1)
  expect(await store.get('a')).toBeUndefined()
})

test('a store in memory rounds expiries up to its step', async () => {
  const clock = new ManualClock()
  const store = memoryRemoteStore({ clock, limits: { ttlStep: 1_000 } })
  await clock.advance(300)
  await store.set('a', bytes, 900)
  await clock.advance(1_699)
  expect(await store.get('a')).toBeDefined()
  await clock.advance(1)
  expect(await store.get('a')).toBeUndefined()
})

test('a jump of the wall clock does not expire what a store in memory holds', async () => {
  const clock = new ManualClock()
  const store = memoryRemoteStore({ clock })
  await store.set('a', bytes, 1_000)
  clock.set(clock.now() + 3_600_000)
  expect(await store.get('a')).toBeDefined()
})

test('a store in memory refuses a ttl below 1 ms and one without end', async () => {
  const store = memoryRemoteStore()
  for (const ttl of [0, 0.9, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const refused = { code: 'ERR_CACHE_DURATION' }
    await expect(store.set('a', bytes, ttl)).rejects.toMatchObject(refused)
    await expect(store.add('a', bytes, ttl)).rejects.toMatchObject(refused)
    await expect(store.replace('a', bytes, ttl, {})).rejects.toMatchObject(refused)
    await expect(store.increment('a', 1n, { initial: 0n, ttl })).rejects.toMatchObject(refused)
  }
})

test('a store in memory lacks what it shall not have', () => {
  const store = memoryRemoteStore({ without: ['expire', 'clear'] })
  expect('expire' in store).toBe(false)
  expect('clear' in store).toBe(false)
})

test('a server in memory lists the keys that are alive and loses them all', async () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const store = server.store()
  await store.set('a', bytes, 1_000)
  await store.set('b', bytes, 5_000)
  expect(server.keys()).toEqual(['a', 'b'])
  await clock.advance(1_000)
  expect(server.keys()).toEqual(['b'])
  server.empty()
  expect(server.keys()).toEqual([])
  expect(await store.get('b')).toBeUndefined()
})

describe('a store whose versions are the first 16 bytes of a frame and the whole of anything else', () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const name = (value: Buffer) => (value[0] === 0xff && value[1] === 0x4c ? value.subarray(0, 16) : value)
  remoteStoreSuite({
    test,
    create() {
      const store = server.store()
      return { ...store, ...comparing(store, (old, current) => name(old).equals(name(current))) }
    },
    advance: ms => clock.advance(ms),
  })
})
