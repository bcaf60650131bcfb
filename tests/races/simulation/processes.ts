import { type Cache, type CacheOptions, type Clock, createCache, type RemoteStore } from '@lookaside/core'
import { type ManualClock, memoryRemoteServer } from '@lookaside/testing'
import type { Beginning } from './crowds.js'
import type { Row } from './history.js'
import { TIMES } from './program.js'
import { scheduledStore, type Turn } from './scheduled-store.js'
import { KEY } from './simulate.js'

/** Long enough for a guard to be eager to refresh. */
const LOAD_TIME = 50

/** How old a value is in which state. */
const AGES = { fresh: TIMES.ttl / 2, stale: TIMES.ttl, dying: TIMES.ttl + TIMES.grace - 30 } as const

/** Several processes on one server. */
export interface Processes {
  /** One cache for each process. */
  readonly caches: readonly Cache[]
  /** Sees what is on the server, at once and without a guard. */
  readonly auditor: Cache
  /** Deletes a key as a program without this library would. */
  readonly deletePlainly: (key: string) => Promise<unknown>
  /** Brings the key into the state that everything begins with. */
  begin(beginning: Beginning): Promise<void>
  /** Resolves when nothing goes on behind the callers' backs any more. */
  atRest(): Promise<void>
}

/** Processes that differ in their clocks; `options` are asked for each of them, so that nothing need be shared. */
export function startProcesses(
  count: number,
  clock: ManualClock,
  turn: Turn,
  options: () => Partial<CacheOptions>,
): Processes {
  const { store } = memoryRemoteServer({ clock })
  const work: Promise<unknown>[] = []
  const open = (connection: RemoteStore, own: Partial<CacheOptions>) =>
    createCache({ ...TIMES, storeTimeout: '1d', breaker: false, ...own, store: connection })
  const caches = Array.from({ length: count }, (_, index) =>
    open(scheduledStore(store(), turn), {
      clock: offBy(clock, 30 * index),
      waitUntil: promise => void work.push(promise),
      ...options(),
    }),
  )
  const auditor = open(store(), { clock, ...options(), guard: undefined })
  const plain = scheduledStore(store(), turn)
  return {
    caches,
    auditor,
    deletePlainly: key => plain.delete(`${auditor.path}::${key}`),
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
