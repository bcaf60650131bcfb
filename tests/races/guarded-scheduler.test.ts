import { setImmediate } from 'node:timers/promises'
import {
  type CacheOptions,
  type Claim,
  type Entry,
  type Flight,
  flightWith,
  type Guard,
} from '@lookaside/core'
import { claimed, composeGuards, singleFlight, stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLAIM_WAIT, crowds, slownesses, timeSteps } from './simulation/crowds.js'
import type { History, Row } from './simulation/history.js'
import { sharingByKey } from './simulation/naive-cache.js'
import { whileTimePasses } from './simulation/passing-time.js'
import { twoLocalCaches, twoProcesses } from './simulation/processes.js'
import { TIMES } from './simulation/program.js'
import { KEY, type SimulatedCache, simulate } from './simulation/simulate.js'
import { slowTurns } from './simulation/slow-turns.js'

const RUNS = 150

/** A busy machine takes its time for so many programs. */
const TIMEOUT = 120_000

const waiting = { wait: CLAIM_WAIT, poll: { min: 1, max: 4 } } as const

interface Case {
  readonly name: string
  /** The options of one cache. */
  readonly options: () => Partial<CacheOptions>
  /** @default twoProcesses */
  readonly start?: typeof twoProcesses
  readonly wrap?: (cache: SimulatedCache) => SimulatedCache
  readonly timeouts?: boolean
}

/** Runs programs in random orders; the property fails where the promise is broken, or something never ends. */
function promiseOf({ options, start = twoProcesses, wrap = cache => cache, timeouts = false }: Case) {
  // A turn of the event loop after each step: reads are sent by process.nextTick.
  const scheduler = fc.scheduler({
    act: async run => {
      await run()
      await setImmediate()
    },
  })
  const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
  const inputs = [scheduler, crowds, chances, slownesses, timeSteps] as const
  return fc.asyncProperty(...inputs, async (s, { beginning, actors }, numbers, slowness, steps) => {
    let drawn = 0
    const clock = new ManualClock({ random: () => numbers[drawn++ % numbers.length] as number })
    const turn = slowTurns(s, slowness)
    const { caches, auditor, begin, atRest, deletePlainly } = start({ clock, turn, options })
    const world = {
      caches: caches.map(wrap),
      clock,
      turn,
      timeouts,
      ...(deletePlainly && { deletePlainly }),
    }

    async function run(): Promise<History> {
      const history = await simulate(actors, world)
      await atRest()
      // What nobody waits for any more comes to its end too, such as a claim for a caller who has left.
      while (clock.pending > 0) await turn('something goes on')
      const stored = await auditor.lookup<Row>(KEY)
      if (stored.state !== 'miss') {
        history.served(stored.value, history.tick('everything is at rest'), stored.state === 'stale')
      }
      return history
    }

    await begin(beginning)
    const history = await s.waitFor(whileTimePasses(run(), { clock, turn, steps }))
    expect(history.violation).toBeUndefined()
  })
}

/** Takes its time before it acts on what it saw, so that much can happen meanwhile. */
const hesitating: Guard = {
  name: 'hesitating',
  joins: true,
  async run(flight, next) {
    const { clock, signal } = flight
    const proceed = (claim: Claim | 'unavailable') => next(flightWith(flight, { claim: async () => claim }))
    for (let looks = 0; looks < 4; looks++) {
      const arrived = await flight.recheck()
      await clock.sleep(10, signal)
      if (arrived !== undefined) return arrived
      const claim = await flight.claim()
      await clock.sleep(10, signal)
      if (typeof claim === 'object' || claim === 'unavailable') return proceed(claim)
    }
    return proceed('unavailable')
  },
}

const KEPT: readonly Case[] = [
  { name: 'under singleFlight()', options: () => ({ guard: singleFlight() }) },
  { name: 'under a guard that joins and hesitates', options: () => ({ guard: hesitating }) },
  { name: 'under claimed()', options: () => ({ guard: claimed(waiting) }) },
  { name: 'under claimed(), without grace', options: () => ({ guard: claimed(waiting), grace: 0 }) },
  { name: 'under stampedeGuard()', options: () => ({ guard: stampedeGuard({ claimed: waiting }) }) },
  {
    name: 'under stampedeGuard(), without grace',
    options: () => ({ guard: stampedeGuard({ claimed: waiting }), grace: 0 }),
  },
  {
    name: 'under stampedeGuard() with patience and without pauses',
    options: () => ({
      guard: stampedeGuard({ claimed: waiting, staleWhileRevalidate: { softTimeout: 5 }, backOff: false }),
    }),
  },
  {
    name: 'under stampedeGuard(), one load at a time, refreshing very early',
    options: () => ({
      guard: stampedeGuard({
        claimed: waiting,
        earlyRefresh: { beta: 20 },
        limitLoads: { concurrency: 1 },
      }),
    }),
  },
  {
    name: 'under stampedeGuard() with store calls that run out of time',
    options: () => ({ guard: stampedeGuard({ claimed: waiting }), storeTimeout: TIMES.storeTimeout }),
    timeouts: true,
  },
  {
    name: 'under stampedeGuard() over a local store',
    options: () => ({ guard: stampedeGuard({ claimed: waiting }) }),
    start: twoLocalCaches,
  },
]

/** One load per key in this process, as it is often written: whoever comes while one runs gets its outcome. */
function sharingWithoutEvidence(): Guard {
  const running = new Map<string, Promise<Entry<unknown>>>()
  return {
    name: 'sharing without evidence',
    async run<V>(flight: Flight<V>, next: (flight: Flight<V>) => Promise<Entry<V>>) {
      const known = running.get(flight.key) as Promise<Entry<V>> | undefined
      // Whose callers have all left, or whose load has failed, has nothing to share.
      if (known !== undefined) return known.catch(() => next(flight))
      const outcome = next(flight).finally(() => running.delete(flight.key))
      running.set(flight.key, outcome)
      return outcome
    },
  }
}

const BROKEN: readonly Case[] = [
  {
    name: 'under a guard that shares loads without evidence',
    options: () => ({ guard: sharingWithoutEvidence() }),
  },
  {
    name: 'under claimed() within a guard that shares loads without evidence',
    options: () => ({ guard: composeGuards(sharingWithoutEvidence(), claimed(waiting)) }),
  },
  {
    name: 'under stampedeGuard() where callers share a load by its key alone',
    options: () => ({ guard: stampedeGuard({ claimed: waiting }) }),
    wrap: sharingByKey,
  },
]

describe('whatever the order of things, what was loaded before an invalidation is not served after it', () => {
  for (const kept of KEPT) {
    test(
      kept.name,
      async () => {
        await fc.assert(promiseOf(kept), { numRuns: RUNS, unbiased: true })
      },
      TIMEOUT,
    )
  }
})

describe('the same programs find the race', () => {
  for (const broken of BROKEN) {
    test(
      broken.name,
      async () => {
        const { failed, errorInstance } = await fc.check(promiseOf(broken), {
          numRuns: 10 * RUNS,
          unbiased: true,
          endOnFailure: true,
        })
        expect({ failed, reason: String(errorInstance) }).toEqual({
          failed: true,
          reason: expect.stringMatching(/obsoletes|is served an older/),
        })
      },
      TIMEOUT,
    )
  }
})
