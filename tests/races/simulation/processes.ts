import { type Cache, type CacheOptions, type CacheStore, type Clock, createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { type ManualClock, memoryRemoteServer } from '@lookaside/testing'
import type { Beginning } from './crowds.js'
import type { Row } from './history.js'
import { TIMES } from './program.js'
import { scheduledStore, type Turn } from './scheduled-store.js'
import { KEY } from './simulate.js'

/** Long enough for a guard to be eager to refresh. */
const LOAD_TIME = 50

/** By how much the clock of the second is ahead. */
const CLOCK_SKEW = 30

/** How old a value is in which state. */
const AGES = { fresh: TIMES.ttl / 2, stale: TIMES.ttl, dying: TIMES.ttl + TIMES.grace - 30 } as const

/** Several processes, or several caches of one process. */
export interface Processes {
  readonly caches: readonly Cache[]
  /** Sees what is stored, at once and without a guard. */
  readonly auditor: Cache
  /** Deletes a key as a program without this library would. */
  readonly deletePlainly: ((key: string) => Promise<unknown>) | undefined
  /** Brings the key into the state that everything begins with. */
  begin(beginning: Beginning): Promise<void>
  /** Resolves when nothing goes on behind the callers' backs any more. */
  atRest(): Promise<void>
}

/** What all of the processes use. */
interface Surroundings {
  readonly clock: ManualClock
  readonly turn: Turn
  /** Asked for each cache, so that nothing need be shared. */
  readonly options: () => Partial<CacheOptions>
}

/** Two processes on one server, whose clocks differ. */
export function twoProcesses({ clock, turn, options }: Surroundings): Processes {
  const { store } = memoryRemoteServer({ clock })
  const plain = scheduledStore(store(), turn)
  const { auditor, ...caches } = start(() => scheduledStore(store(), turn), store(), { clock, options })
  return { ...caches, auditor, deletePlainly: key => plain.delete(`${auditor.path}::${key}`) }
}

/** Two caches of one process on one local store. */
export function twoLocalCaches({ clock, options }: Surroundings): Processes {
  const store = lruStore()
  return { ...start(() => store, store, { clock, options }), deletePlainly: undefined }
}

function start(
  connect: () => CacheStore,
  unscheduled: CacheStore,
  { clock, options }: Omit<Surroundings, 'turn'>,
): Omit<Processes, 'deletePlainly'> {
  const work: Promise<unknown>[] = []
  const open = (store: CacheStore, own: Partial<CacheOptions>) => {
    const { storeTimeout: _, ...times } = TIMES
    const calls = store.kind === 'remote' ? { storeTimeout: '1d', breaker: false } : {}
    return createCache({ ...times, ...calls, ...own, store } as CacheOptions)
  }
  const caches = [0, CLOCK_SKEW].map(skew =>
    open(connect(), {
      clock: offBy(clock, skew),
      waitUntil: promise => void work.push(promise),
      ...options(),
    }),
  )
  const auditor = open(unscheduled, { ...options(), clock, guard: undefined })
  return {
    caches,
    auditor,
    async begin(beginning) {
      if (beginning === 'empty') return
      await auditor.getOrSet(KEY, async (): Promise<Row> => {
        await clock.advance(LOAD_TIME)
        return { version: 0, began: 0, by: 'load' }
      })
      await clock.advance(AGES[beginning])
    },
    async atRest() {
      for (let seen = 0; seen < work.length; ) {
        const begun = work.slice(seen)
        seen = work.length
        await Promise.all(begun)
      }
    },
  }
}

/** A clock that shows another wall-clock time. */
function offBy(clock: Clock, ms: number): Clock {
  const { monotonic, timer, sleep, random } = clock
  return { now: () => clock.now() + ms, monotonic, timer, sleep, random }
}
