import { type Clock, migratingStore, type RemoteStore } from '@lookaside/core'
import { faultyStore, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inOrder, inTurns, type Turn } from './interleavings.js'

const KEY = 'count'
const HOUR = 3_600_000
const OPTIONS = { initial: 0n, ttl: HOUR }

/** The order in which calls are carried out. */
const orders = fc.array(fc.nat(3), { maxLength: 120 })

/** Two servers, the old one with a counter at 41. */
async function newWorld(turn: Turn) {
  const manual = new ManualClock()
  const { now, monotonic, timer, random } = manual
  // Whoever waits lets others go first.
  const clock: Clock = { now, monotonic, timer, random, sleep: () => turn() }
  const [old, fresh] = [memoryRemoteServer({ clock }), memoryRemoteServer({ clock })]
  await old.store().set(KEY, Buffer.from('41'), HOUR)
  const read = async (store: RemoteStore) => {
    const stored = await store.get(KEY)
    return stored && Buffer.from(stored.bytes).toString()
  }
  return {
    process: (its: Turn = turn) =>
      migratingStore({ from: inTurns(old.store(), its), to: inTurns(fresh.store(), its), clock }),
    inOld: () => read(old.store()),
    found: () => read(migratingStore({ from: old.store(), to: fresh.store(), clock })),
  }
}

const ascending = (a: bigint, b: bigint) => Number(a - b)

describe('A counter in the old store', () => {
  test('is moved without a count being lost or doubled, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async choices => {
        await inOrder(choices, async turn => {
          const world = await newWorld(turn)
          const processes = [world.process(), world.process(), world.process()]
          const counts = await Promise.all(processes.map(store => store.increment(KEY, 1n, OPTIONS)))
          expect(counts.sort(ascending)).toEqual([42n, 43n, 44n])
          expect(await world.found()).toBe('44')
          expect(await world.inOld()).toBeUndefined()
        })
      }),
      { numRuns: 400 },
    )
  })

  test('is read as what it stands at by whoever looks while it is moved', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async choices => {
        await inOrder(choices, async turn => {
          const world = await newWorld(turn)
          const reader = world.process()
          const [, seen] = await Promise.all([
            world.process().increment(KEY, 1n, OPTIONS),
            reader.get(KEY).then(stored => stored && Buffer.from(stored.bytes).toString()),
          ])
          expect(['41', '42', undefined]).toContain(seen)
          expect(await world.found()).toBe('42')
        })
      }),
      { numRuns: 200 },
    )
  })

  test('loses no count of others to a process that dies on the way', async () => {
    await fc.assert(
      fc.asyncProperty(orders, fc.nat(10), async (choices, calls) => {
        await inOrder(choices, async turn => {
          const world = await newWorld(turn)
          let left = calls
          const mortal = world.process(() => (left-- > 0 ? turn() : new Promise(() => {})))
          void mortal.increment(KEY, 1n, OPTIONS)
          const processes = [world.process(), world.process()]
          const [first, second] = await Promise.all(processes.map(store => store.increment(KEY, 1n, OPTIONS)))
          expect(first).not.toBe(second)
          expect(['43', '44']).toContain(await world.found())
        })
      }),
      { numRuns: 400 },
    )
  })

  test('does not come back after a delete', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async choices => {
        await inOrder(choices, async turn => {
          const world = await newWorld(turn)
          await Promise.all([
            world.process().increment(KEY, 1n, OPTIONS),
            world.process().increment(KEY, 1n, OPTIONS),
            world.process().delete(KEY),
          ])
          expect([undefined, '1', '2']).toContain(await world.found())
        })
      }),
      { numRuns: 400 },
    )
  })
})

describe('Where the old store does not answer', () => {
  test('a counter is not started anew before it is known to be down', async () => {
    const clock = new ManualClock()
    const old = faultyStore(memoryRemoteServer({ clock }).store())
    await old.set(KEY, Buffer.from('41'), HOUR)
    const store = migratingStore({ from: old, to: memoryRemoteServer({ clock }).store(), clock })
    old.fail(undefined, { times: 1 })
    await expect(store.increment(KEY, 1n, OPTIONS)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(await store.increment(KEY, 1n, OPTIONS)).toBe(42n)
  })

  test('a counter starts anew once it is known to be down, and does not jump back', async () => {
    const clock = new ManualClock()
    const old = faultyStore(memoryRemoteServer({ clock }).store())
    await old.set(KEY, Buffer.from('41'), HOUR)
    const fresh = memoryRemoteServer({ clock })
    const store = migratingStore({ from: old, to: fresh.store(), clock })
    old.fail()
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(store.increment(KEY, 1n, OPTIONS)).rejects.toMatchObject({
        code: 'ERR_CACHE_UNAVAILABLE',
      })
      await clock.advance(1)
    }
    expect(await store.increment(KEY, 1n, OPTIONS)).toBe(1n)
    old.heal()
    await fresh.store().delete(KEY)
    expect(await store.get(KEY)).toBeUndefined()
    await clock.advance(2_000)
    expect(await old.get(KEY)).toBeUndefined()
    expect(await store.increment(KEY, 1n, OPTIONS)).toBe(1n)
  })

  test('what is no counter is refused where it lies', async () => {
    const clock = new ManualClock()
    const old = memoryRemoteServer({ clock }).store()
    const store = migratingStore({ from: old, to: memoryRemoteServer({ clock }).store(), clock })
    await old.set(KEY, Buffer.from('five'), HOUR)
    await expect(store.increment(KEY, 1n, OPTIONS)).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    expect(Buffer.from((await store.get(KEY))?.bytes ?? []).toString()).toBe('five')
  })
})
