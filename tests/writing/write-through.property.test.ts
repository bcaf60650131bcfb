import { setImmediate } from 'node:timers/promises'
import {
  type Cache,
  type CacheOptions,
  createCache,
  type Guard,
  type RemoteStore,
  type writeThrough,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { ManualClock, memoryRemoteServer } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scheduledStore, type Turn } from '../races/simulation/scheduled-store.js'
import { overwritingStore } from '../races/workers/overwriting-store.mjs'
import { CLAIM_TTL, dying, overlapping, violationOf, type World } from './write-through-world.js'

const RUNS = 150

const joining: Guard = { name: 'joining', joins: true, run: (flight, next) => next(flight) }

type Processes = Pick<World, 'caches' | 'mortals'>
type Start = (clock: ManualClock, turn: Turn, options: Partial<CacheOptions>) => Processes

const TIMES = { ttl: '1d', claimTtl: CLAIM_TTL, prefix: 'writing' } as const

/** Nothing that a dead process has in hand goes on. */
function stopped({ now, monotonic, random }: ManualClock) {
  return { now, monotonic, random, timer: () => () => {}, sleep: () => new Promise<void>(() => {}) }
}

const overRemote =
  (wrap: (store: RemoteStore) => RemoteStore = store => store): Start =>
  (clock, turn, options) => {
    const { store } = memoryRemoteServer({ clock })
    const open = (own: Partial<CacheOptions>): Cache =>
      createCache({
        ...TIMES,
        storeTimeout: '1d',
        breaker: false,
        store: wrap(scheduledStore(store(), turn)),
        ...own,
      })
    return {
      caches: [0, 1, 2].map(() => open({ ...options, clock })),
      mortals: [0, 1, 2].map(() => open({ clock: stopped(clock) })),
    }
  }

const overLocal: Start = (clock, _turn, options) => {
  const store = lruStore()
  const open = (own: Partial<CacheOptions>): Cache => createCache({ ...TIMES, store, ...own })
  return {
    caches: [0, 1, 2].map(() => open({ ...options, clock })),
    mortals: [0, 1, 2].map(() => open({ clock: stopped(clock) })),
  }
}

interface Case {
  readonly name: string
  readonly start: Start
  readonly options?: Partial<CacheOptions>
  readonly write?: typeof writeThrough
}

function keeps(programs: typeof overlapping, { start, options = {}, write }: Case) {
  // A turn of the event loop after each step: reads are sent by process.nextTick.
  const scheduler = fc.scheduler({
    act: async run => {
      await run()
      await setImmediate()
    },
  })
  return fc.asyncProperty(scheduler, programs(3), async (s, program) => {
    const clock = new ManualClock()
    const turn: Turn = label => s.schedule(Promise.resolve(), label)
    const world = { ...start(clock, turn, options), clock, turn, ...(write && { write }) }
    expect(await s.waitFor(violationOf(program, world))).toBeUndefined()
  })
}

const KEPT: readonly Case[] = [
  { name: 'over a remote store', start: overRemote() },
  { name: 'over a remote store, under a guard that joins', start: overRemote(), options: { guard: joining } },
  { name: 'over a local store', start: overLocal },
]

/** As it is often written. */
const writeAndSet: typeof writeThrough = async (cache, key, value, write) => {
  const result = await write()
  await cache.set(
    key,
    typeof value === 'function' ? (value as (given: typeof result) => never)(result) : value,
  )
  return result
}

const writeAndDelete: typeof writeThrough = async (cache, key, _value, write) =>
  cache.invalidateAfter(write, { keys: [key] })

describe('whoever writes at the same time, no value is served that is older than a write which is over', () => {
  for (const kept of KEPT) {
    test(kept.name, async () => {
      await fc.assert(keeps(overlapping, kept), { numRuns: RUNS })
    })
  }
})

describe('whoever dies in the middle of a write leaves nothing that the database does not have', () => {
  for (const kept of KEPT) {
    test(kept.name, async () => {
      await fc.assert(keeps(dying, kept), { numRuns: RUNS })
    })
  }
})

describe('the same programs find', () => {
  async function found(programs: typeof overlapping, broken: Case): Promise<void> {
    const { failed, errorInstance } = await fc.check(keeps(programs, broken), {
      numRuns: 10 * RUNS,
      endOnFailure: true,
    })
    expect({ failed, reason: String(errorInstance) }).toEqual({
      failed: true,
      reason: expect.stringMatching(/version \d/),
    })
  }

  test('the loser’s value of those who write and then set', () =>
    found(overlapping, { name: '', start: overRemote(), write: writeAndSet }))

  test('the old value of one who dies before it sets', () =>
    found(dying, { name: '', start: overRemote(), write: writeAndSet }))

  test('the old value of one who dies before it deletes', () =>
    found(dying, { name: '', start: overRemote(), write: writeAndDelete }))

  test('the old value where the store’s replace does not compare', () =>
    found(overlapping, { name: '', start: overRemote(overwritingStore) }))
})
