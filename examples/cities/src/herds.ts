import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from './backends.js'
import type { Database } from './database.js'
import {
  GRACEFUL,
  GUARDED,
  type Herd,
  herd,
  isOnePerValue,
  isOneStored,
  type Protection,
  UNGUARDED,
} from './herd.js'
import { cityQueries } from './queries.js'
import { CITY } from './tour.js'

/** The same crowd on one backend, under each protection. */
export interface Herds {
  readonly backend: Backend
  /** How many caches the crowd is spread over. */
  readonly caches: number
  readonly queryTime: number
  /** In the order of `PROTECTIONS`. */
  readonly herds: readonly Herd[]
}

/** So many processes share a server; what one keeps in memory no other sees. */
const PROCESSES = 4

const ATTEMPTS = 3

/** A guard takes hold of a value that it refreshes so many milliseconds before the value's end. */
const LONGEST_STALL = 10

/** By so many times the query's time each herd starts later than the one before. */
const STAGGER = 3

/** Below that the timers of JavaScript are too coarse, in milliseconds. */
const SHORTEST_QUERY = 20

/** Sends a herd to each backend under each protection; their keys begin with `prefix`. */
export async function herdsOn(
  database: Database,
  backends: readonly Backend[],
  prefix: string,
): Promise<Herds[]> {
  const queryTime = Math.max(SHORTEST_QUERY, await timeOfQuery(database))
  let runs = 0

  async function run(backend: Backend, protection: Protection, attempt = 1): Promise<Herd> {
    const { country } = CITY
    const caches = cachesOn(backend)
    const own = { url: backend.url, prefix: `${prefix}-${runs++}`, caches, protection }
    const result = await herd({ ...own, database, country, queryTime })
    return attempt < ATTEMPTS && isSpoilt(result) ? run(backend, protection, attempt + 1) : result
  }

  // Behind a guard they hardly touch the database, so they run side by side, only not in the same moment.
  let starts = 0
  const guarded = backends.map(backend =>
    Promise.all(
      [GUARDED, GRACEFUL].map(async protection => {
        await sleep(STAGGER * queryTime * starts++)
        return run(backend, protection)
      }),
    ),
  )
  await Promise.all(guarded)
  // Without one they would stand in each other's way.
  const results: Herds[] = []
  for (const [index, backend] of backends.entries()) {
    const herds = [await run(backend, UNGUARDED), ...((await guarded[index]) ?? [])]
    results.push({ backend, caches: cachesOn(backend), queryTime, herds })
  }
  return results
}

/** Whether the count is off, and the machine was too busy for it to be right. */
function isSpoilt({ protection, moments, storeErrors, longestStall }: Herd): boolean {
  const isRight = protection === UNGUARDED ? isOneStored : isOnePerValue
  return !moments.every(isRight) && (storeErrors > 0 || longestStall > LONGEST_STALL)
}

function cachesOn({ name }: Backend): number {
  return name === 'memory' ? 1 : PROCESSES
}

/** The shortest of a few, in milliseconds: what it takes by itself, whatever else the machine does. */
async function timeOfQuery(database: Database): Promise<number> {
  const queries = cityQueries(database)
  let shortest = Number.POSITIVE_INFINITY
  for (let n = 0; n < 5; n++) {
    const start = performance.now()
    await queries.country(CITY.country)
    shortest = Math.min(shortest, performance.now() - start)
  }
  return shortest
}
