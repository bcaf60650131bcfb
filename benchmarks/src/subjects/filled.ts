import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'
import { keyOf } from '../workload/keys.js'
import { checkValue, type ValueSize, valueFor } from '../workload/values.js'
import type { OpenCache, Place, Subject } from './subject.js'

/** Longer than any benchmark runs, so that nothing expires. */
export const TTL: Milliseconds = 3_600_000

/** A subject that has a population cached. */
export interface Filled extends OpenCache {
  readonly subject: Subject
  /** @throws Error when anything was loaded since all had been cached: then not everything that was timed was a hit. */
  checkHits(): void
}

/** What all subjects of a comparison cache: the same keys and the same objects. */
export interface Population {
  readonly keys: number
  readonly size: ValueSize
  readonly values: ReadonlyMap<string, unknown>
}

export function populationOf(keys: number, size: ValueSize): Population {
  const values = new Map<string, unknown>()
  for (let id = 0; id < keys; id++) values.set(keyOf(id), valueFor(keyOf(id), size))
  return { keys, size, values }
}

/** So many calls at once fill a remote cache fast, and trip nobody's limits. */
const AT_ONCE = 100

const MOST_PASSES = 10

/** Writes may still be under way when a call has returned. */
const SETTLING: Milliseconds = 50

/**
 * Opens a subject and reads all keys until one pass loads none and each value was right; `undefined` where the subject
 * has no such backend.
 *
 * @throws Error when it returns a wrong value, or goes on loading.
 */
export async function fill(
  subject: Subject,
  place: Place,
  population: Population,
): Promise<Filled | undefined> {
  let loads = 0
  const load = async (key: string) => {
    loads++
    return population.values.get(key)
  }
  const cache = await subject.open(place, load, TTL)
  if (cache === undefined) return undefined
  try {
    for (let pass = 1; ; pass++) {
      const before = loads
      await checkAll(subject.name, cache, population)
      if (loads === before) break
      if (pass === MOST_PASSES) {
        const lost = `${loads - before} of ${population.keys} values`
        throw new Error(`${subject.name} does not keep what it was given: it still loads ${lost}`)
      }
      await sleep(SETTLING)
    }
  } catch (error) {
    await cache.close()
    throw error
  }
  const filled = loads
  return {
    ...cache,
    subject,
    checkHits() {
      if (loads > filled)
        throw new Error(`${subject.name} loaded ${loads - filled} values while hits were timed`)
    },
  }
}

async function checkAll(name: string, cache: OpenCache, { keys, size }: Population): Promise<void> {
  for (let start = 0; start < keys; start += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, keys - start) }, (_, index) => keyOf(start + index))
    const values = await Promise.all(some.map(key => cache.get(key)))
    for (const [index, value] of values.entries()) checkValue(name, some[index] as string, size, value)
  }
  for (let id = 0; id < keys && cache.peek !== undefined; id++) {
    checkValue(`${name} (peek)`, keyOf(id), size, cache.peek(keyOf(id)))
  }
}
