import type { BusMode } from '@lookaside/config'
import { type Agreement, agreement } from './agreement.js'
import { type Counts, counted, get, put, untilHeld } from './ask.js'
import type { Backend } from './backends.js'
import type { Database } from './database.js'
import { plainRedis } from './plain-clients.js'
import { type City, cityQueries } from './queries.js'
import { cityKey } from './service.js'
import { BUS_MODES, environmentIn, startProcess } from './start-process.js'
import { CITY } from './tour.js'

/** What two processes have shown of each other in one mode of the bus. */
export interface InMode {
  readonly mode: BusMode
  /** So often the second was asked for what it had in its memory, and what that took. */
  readonly asked: number
  readonly took: Counts
  /** Writes to the first, seen in the second: by the key of the row, and by the tag of the country. */
  readonly byKey: readonly Agreement[]
  readonly byTag: readonly Agreement[]
  /** What another program writes, and deletes from Redis; only where the server tells of that. */
  readonly plainDelete: Agreement | undefined
}

/** Two processes of the service before one Redis, each with a memory of its own. */
export interface Coherence {
  readonly pids: readonly number[]
  readonly modes: readonly InMode[]
}

const ASKED = 150
const WRITES = { byKey: 8, byTag: 3 }

const ROW = `/cities/${CITY.id}`
const TOTALS = `/countries/${CITY.country}`

const ATTEMPTS = 3

/** Starts two processes with the tiered config, writes to the one and reads from the other; their keys begin with `prefix`. */
export async function coherence(
  database: Pick<Database, 'query'>,
  tiered: Backend,
  prefix: string,
): Promise<Coherence> {
  const queries = cityQueries(database)
  const population = (await queries.city(CITY.id))?.population ?? 0
  const start = () => startProcess(database, tiered, prefix)
  const starts = await Promise.allSettled([start(), start()])
  const processes = starts.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))

  async function plainDelete(reader: string, key: string): Promise<Agreement> {
    const plain = await plainRedis(tiered.url ?? '')
    try {
      return await agreement(reader, ROW, async shown => {
        await queries.setPopulation(CITY.id, shown + 1)
        await plain.delete(key)
        return shown + 1
      })
    } finally {
      await plain.close()
    }
  }

  try {
    for (const each of starts) if (each.status === 'rejected') throw each.reason
    const modes: InMode[] = []
    for (const [index, mode] of BUS_MODES.entries()) {
      const [writer = '', reader = ''] = processes.map(({ urls }) => urls[index] ?? '')
      modes.push({
        mode,
        asked: ASKED,
        took: await askedFromMemory(reader),
        byKey: await agreements(WRITES.byKey, writer, reader, ROW),
        byTag: await agreements(WRITES.byTag, writer, reader, TOTALS),
        plainDelete:
          mode === 'tracking'
            ? await plainDelete(reader, `${environmentIn(mode, prefix)['CACHE_PREFIX']}::${cityKey(CITY.id)}`)
            : undefined,
      })
    }
    return { pids: processes.map(({ pid }) => pid), modes }
  } finally {
    await Promise.all(processes.map(process => process.stop()))
    await queries.setPopulation(CITY.id, population)
  }
}

/** Asks for what it has in its memory; again where the machine was too busy for the bus to be relied on. */
async function askedFromMemory(service: string, attempt = 1): Promise<Counts> {
  const paths = [ROW, TOTALS]
  for (const path of paths) await untilHeld(service, path)
  const { took } = await counted(service, async () => {
    for (let n = 0; n < ASKED; n++) await get(service + paths[n % paths.length])
  })
  return took.localHits === ASKED || attempt === ATTEMPTS ? took : askedFromMemory(service, attempt + 1)
}

/** Lets a city grow by one, again and again; ends with the first write that the reader does not come to show. */
async function agreements(times: number, writer: string, reader: string, path: string): Promise<Agreement[]> {
  const all: Agreement[] = []
  while (all.length < times && all.every(({ held, agrees }) => held && agrees)) {
    const next = agreement(reader, path, async shown => {
      const { population } = (await get(writer + ROW)) as City
      await put(writer + ROW, { population: population + 1 })
      return shown + 1
    })
    all.push(await next)
  }
  return all
}
