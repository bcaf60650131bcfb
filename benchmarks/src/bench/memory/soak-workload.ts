import type { Cache } from '@lookaside/core'
import { seededRandom } from '../../random.js'
import { keyOf } from '../../workload/keys.js'
import { valueFor } from '../../workload/values.js'

/** Reads and writes over keys that expire, of which there are new ones all the time. */
export interface SoakWorkload {
  /** Does some operations, all at once. */
  turn(): Promise<void>
  /** What it has done so far. */
  readonly done: { operations: number; newKeys: number; failures: number }
}

const OPERATIONS_OF_A_TURN = 40

/** Reads and invalidations are of these last keys: some are there, some have expired, some were dropped. */
const RECENT = 2_000

const KEYS_OF_A_TAG = 50

export function soakWorkload(cache: Cache): SoakWorkload {
  const random = seededRandom(1)
  const done = { operations: 0, newKeys: 0, failures: 0 }

  function recent(): number {
    return Math.max(0, done.newKeys - 1 - Math.floor(random() * RECENT))
  }

  function load(id: number): Promise<unknown> {
    return cache.getOrSet(keyOf(id), async ({ key }) => valueFor(key, '200 B'), optionsOf(id))
  }

  function operation(): Promise<unknown> {
    const kind = random()
    if (kind < 0.3) return load(done.newKeys++)
    if (kind < 0.4) {
      const id = done.newKeys++
      return cache.set(keyOf(id), valueFor(keyOf(id), '200 B'), optionsOf(id))
    }
    if (kind < 0.8) return load(recent())
    if (kind < 0.87) return cache.get(keyOf(recent()))
    if (kind < 0.93) return cache.delete(keyOf(recent()))
    if (kind < 0.97) return cache.expire(keyOf(recent()))
    return cache.deleteTags([tagOf(recent())])
  }

  return {
    done,
    async turn() {
      const outcomes = await Promise.allSettled(Array.from({ length: OPERATIONS_OF_A_TURN }, operation))
      done.operations += OPERATIONS_OF_A_TURN
      done.failures += outcomes.filter(({ status }) => status === 'rejected').length
    },
  }
}

/** Lives for 0.2 to 0.95 s, and its grace; every second key has a tag. */
function optionsOf(id: number): { readonly ttl: number; readonly tags?: readonly string[] } {
  const ttl = 200 + (id % 16) * 50
  return id % 2 === 0 ? { ttl, tags: [tagOf(id)] } : { ttl }
}

function tagOf(id: number): string {
  return `team:${Math.floor(id / KEYS_OF_A_TAG)}`
}
