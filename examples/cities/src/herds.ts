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
  PROTECTIONS,
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

const BEHIND_GUARD = [GUARDED, GRACEFUL]

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
    const own = { backend, prefix: `${prefix}-${runs++}`, caches, protection }
    const result = await herd({ ...own, database, country, queryTime })
    return attempt < ATTEMPTS && isSpoilt(backend, result) ? run(backend, protection, attempt + 1) : result
  }

  // Behind a guard they hardly touch the database, so they run side by side, only not in the same moment.
  let starts = 0
  async function guarded(backend: Backend): Promise<Herd[]> {
    return Promise.all(
      BEHIND_GUARD.map(async protection => {
        await sleep(STAGGER * queryTime * starts++)
        return run(backend, protection)
      }),
    )
  }
  const sideBySide = new Map<Backend, Herd[]>()
  await Promise.all(
    backends.filter(({ keeps }) => keeps).map(async each => sideBySide.set(each, await guarded(each))),
  )

  // Without one, or where nothing is kept, they would stand in each other's way.
  const results: Herds[] = []
  for (const backend of backends) {
    const herds = [await run(backend, UNGUARDED), ...(sideBySide.get(backend) ?? [])]
    for (const protection of PROTECTIONS.slice(herds.length)) herds.push(await run(backend, protection))
    results.push({ backend, caches: cachesOn(backend), queryTime, herds })
  }
  return results
}

/** Whether the count is off, and the machine was too busy for it to be right. */
function isSpoilt({ keeps }: Backend, { protection, moments, storeErrors, longestStall }: Herd): boolean {
  if (!keeps) return false
  const isRight = protection === UNGUARDED ? isOneStored : isOnePerValue
  return !moments.every(isRight) && (storeErrors > 0 || longestStall > LONGEST_STALL)
}

function cachesOn({ server }: Backend): number {
  return server === undefined ? 1 : PROCESSES
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
