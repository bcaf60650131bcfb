import { setImmediate } from 'node:timers/promises'
import { type CacheOptions, type Clock, createCache, type Guard, type RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { ManualClock, type MemoryRemoteServerOptions, memoryRemoteServer } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { naiveCache, sharingByKey } from './simulation/naive-cache.js'
import { type Actor, actors, TIMES } from './simulation/program.js'
import { scheduledStore, type Turn } from './simulation/scheduled-store.js'
import { type SimulatedCache, simulate, type World } from './simulation/simulate.js'
import { overwritingStore } from './workers/overwriting-store.mjs'

const RUNS = 2000

const joining: Guard = { name: 'joining', joins: true, run: (flight, next) => next(flight) }

const refreshingEarly: Guard = {
  ...joining,
  name: 'refreshing early',
  shouldRefresh: (_entry, _now, random) => random() < 0.3,
}

type Build = (clock: ManualClock, turn: Turn) => readonly SimulatedCache[]

/** Three caches on one server: two share a connection, as caches within one process may, the third's clock is off. */
function threeCaches(
  options: Partial<CacheOptions> = {},
  server: MemoryRemoteServerOptions = {},
  wrap: (store: RemoteStore) => RemoteStore = store => store,
): Build {
  return (clock, turn) => {
    const { store } = memoryRemoteServer({ ...server, clock })
    const [here, there] = [store(), store()].map(connection => wrap(scheduledStore(connection, turn)))
    const skewed = offBy(clock, 300)
    return [
      { store: here, clock },
      { store: here, clock },
      { store: there, clock: skewed },
    ].map(own =>
      createCache({ ...TIMES, storeTimeout: '1d', breaker: false, ...options, ...own } as CacheOptions),
    )
  }
}

const twoLocalCaches =
  (guard?: Guard): Build =>
  clock => {
    const store = lruStore()
    return [1, 2].map(() =>
      createCache({ ttl: TIMES.ttl, grace: TIMES.grace, claimTtl: TIMES.claimTtl, clock, guard, store }),
    )
  }

function offBy(clock: Clock, ms: number): Clock {
  const { monotonic, timer, sleep, random } = clock
  return { now: () => clock.now() + ms, monotonic, timer, sleep, random }
}

/** Runs programs in random orders; the property fails where the promise is broken. */
function promiseOf(build: Build, { caches, timeouts = false }: { caches: number; timeouts?: boolean }) {
  // A turn of the event loop after each step: reads are sent by process.nextTick.
  const scheduler = fc.scheduler({
    act: async run => {
      await run()
      await setImmediate()
    },
  })
  const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
  return fc.asyncProperty(scheduler, actors(caches), chances, async (s, program: Actor[], numbers) => {
    let drawn = 0
    const clock = new ManualClock({ random: () => numbers[drawn++ % numbers.length] as number })
    const turn: Turn = label => s.schedule(Promise.resolve(), label)
    const world: World = { caches: build(clock, turn), clock, turn, timeouts }
    const history = await s.waitFor(simulate(program, world))
    expect(history.violation).toBeUndefined()
  })
}

interface Case {
  readonly name: string
  readonly build: Build
  readonly caches?: number
  readonly timeouts?: boolean
}

const KEPT: readonly Case[] = [
  { name: 'over a remote store', build: threeCaches() },
  { name: 'without grace', build: threeCaches({ grace: 0 }) },
  {
    name: 'over a remote store that leaves expire to the core',
    build: threeCaches({}, { without: ['expire'] }),
  },
  { name: 'under a guard that joins', build: threeCaches({ guard: joining }) },
  { name: 'under a guard that joins, without grace', build: threeCaches({ guard: joining, grace: 0 }) },
  { name: 'under a guard that refreshes early', build: threeCaches({ guard: refreshingEarly }) },
  {
    name: 'with store calls that run out of time',
    build: threeCaches({ guard: joining, storeTimeout: TIMES.storeTimeout }),
    timeouts: true,
  },
  { name: 'over a local store', build: twoLocalCaches(), caches: 2 },
  { name: 'over a local store under a guard that joins', build: twoLocalCaches(joining), caches: 2 },
  {
    name: 'over a local store under a guard that refreshes early',
    build: twoLocalCaches(refreshingEarly),
    caches: 2,
  },
]

const BROKEN: readonly Case[] = [
  {
    name: 'in a client that gets, loads and sets',
    build: (clock, turn) => {
      const { store } = memoryRemoteServer({ clock })
      return [1, 2, 3].map(() => naiveCache(scheduledStore(store(), turn), TIMES.ttl))
    },
  },
  { name: 'over a store whose replace does not compare', build: threeCaches({}, {}, overwritingStore) },
  {
    name: 'over a store whose replace does not compare, under a guard that joins',
    build: threeCaches({ guard: joining }, {}, overwritingStore),
  },
  {
    name: 'where callers share a load by its key alone',
    build: (clock, turn) => threeCaches()(clock, turn).map(sharingByKey),
  },
]

describe('whatever the order of things, what was loaded before an invalidation is not served after it', () => {
  for (const { name, build, caches = 3, timeouts = false } of KEPT) {
    test(name, async () => {
      await fc.assert(promiseOf(build, { caches, timeouts }), { numRuns: RUNS })
    })
  }
})

describe('the same programs find the race', () => {
  for (const { name, build, caches = 3 } of BROKEN) {
    test(name, async () => {
      const { failed, numRuns } = await fc.check(promiseOf(build, { caches }), {
        numRuns: 10 * RUNS,
        endOnFailure: true,
      })
      expect({ failed, numRuns }).toEqual({ failed: true, numRuns: expect.any(Number) })
    })
  }
})
