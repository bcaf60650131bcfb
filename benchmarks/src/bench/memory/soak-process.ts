// A process in which a cache is soaked, and that tells what it held meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cache, createCache, type Milliseconds } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { redisBus } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { monotonic } from '../../monotonic.js'
import { patientRedisStore, STORE_TIMEOUT } from '../../subjects/lookaside-store.js'
import { answerQuestions } from '../answer-questions.js'
import { collectedHeap, settledHeap } from './settled-heap.js'
import { soakWorkload } from './soak-workload.js'

/** What a soak can be of. */
export type SoakedPlace = 'lru' | 'Redis' | 'lru before Redis, with a bus'

/** What it is asked. */
export interface SoakQuestion {
  readonly place: SoakedPlace
  readonly redis: string
  readonly duration: Milliseconds
  readonly sampledEvery: Milliseconds
}

/** What it answers. */
export interface Soaked {
  /** Bytes in use after a collection, by the time since the start. */
  readonly samples: readonly { readonly at: Milliseconds; readonly bytes: number }[]
  /** The same after a third and at the end, when nothing has been done until all has expired. */
  readonly rests: readonly { readonly bytes: number; readonly newKeys: number }[]
  readonly operations: number
  readonly newKeys: number
  readonly failures: number
}

/** From one turn to the next: the machine is not to be busy, what is looked for is not a matter of speed. */
const TURN: Milliseconds = 20

/** The same in the first third, in which the compiler is to come to rest: its code is in the heap too. */
const FIRST_TURN: Milliseconds = 5

/** Longer than any entry lives. */
const REST: Milliseconds = 2_000

/** Fewer than the keys of the time that entries live, so that entries leave in either way. */
const LOCAL_ENTRIES = 500

function open({ place, redis }: SoakQuestion): Cache {
  const lru = lruStore({ maxEntries: LOCAL_ENTRIES })
  const settings = {
    guard: stampedeGuard(),
    grace: 300,
    prefix: `soak-${process.pid}`,
    storeTimeout: STORE_TIMEOUT,
  } as const
  if (place === 'lru') return createCache({ ...settings, store: lru })
  if (place === 'Redis') return createCache({ ...settings, store: patientRedisStore(redis) })
  return createCache({ ...settings, store: [lru, patientRedisStore(redis)], bus: redisBus(redis) })
}

answerQuestions(async (question: SoakQuestion): Promise<Soaked> => {
  const { duration, sampledEvery } = question
  const cache = open(question)
  await cache.ready({ timeout: STORE_TIMEOUT })
  const workload = soakWorkload(cache)
  const samples: { readonly at: Milliseconds; readonly bytes: number }[] = []
  const rests: { readonly bytes: number; readonly newKeys: number }[] = []
  const start = monotonic()
  const elapsed = () => monotonic() - start

  async function work(until: Milliseconds, every: Milliseconds): Promise<void> {
    while (elapsed() < until) {
      const turn = sleep(every)
      await workload.turn()
      await turn
      if (elapsed() >= (samples.length + 1) * sampledEvery) {
        samples.push({ at: elapsed(), bytes: collectedHeap() })
      }
    }
    await sleep(REST)
    rests.push({ bytes: await settledHeap(), newKeys: workload.done.newKeys })
  }

  await work(duration / 3, FIRST_TURN)
  await work(duration, TURN)
  await cache.close()
  return { samples, rests, ...workload.done }
})
