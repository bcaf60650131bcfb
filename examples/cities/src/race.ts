import type { Cache } from '@lookaside/core'
import type { PlainClient } from './plain-clients.js'
import type { Queries } from './queries.js'

/** Reading through a cache, and writing to what is behind it. */
export interface Contender {
  readonly name: string
  read(load: () => Promise<number>): Promise<number>
  write(update: () => Promise<unknown>): Promise<unknown>
}

export interface RaceResult {
  readonly contender: string
  /** What the database says once the write has committed. */
  readonly database: number
  /** What the cache says after that. */
  readonly nextRead: number
  readonly fresh: boolean
}

export function lookasideContender(cache: Cache, key: string): Contender {
  return {
    name: 'lookaside',
    read: load => cache.getOrSet(key, load),
    write: update => cache.invalidateAfter(update, { keys: [key] }),
  }
}

/** The pattern that every tutorial shows. */
export function plainContender(client: PlainClient, key: string): Contender {
  return {
    name: client.name,
    async read(load) {
      const cached = await client.get(key)
      if (cached !== undefined) return JSON.parse(cached)
      const value = await load()
      await client.set(key, JSON.stringify(value), 300)
      return value
    },
    async write(update) {
      await update()
      await client.delete(key)
    },
  }
}

/**
 * Lets a write overtake a read, the same way for every contender.
 *
 * A reader misses and asks the database for the population of a country. Before the old answer is back with
 * it, a write to one of the country's cities commits and invalidates. Then the answer arrives. The order is
 * set by gates, not by chance or by sleeping; afterwards the database is as it was.
 */
export async function race(
  contender: Contender,
  queries: Queries,
  city: { readonly id: number; readonly country: string },
): Promise<RaceResult> {
  const total = async () => (await queries.country(city.country))?.population ?? 0
  const before = (await queries.city(city.id))?.population ?? 0
  const queried = gate()
  const written = gate()

  try {
    const reader = contender.read(async () => {
      const old = await total()
      queried.open()
      await written.opened
      return old
    })
    await Promise.race([queried.opened, reader])
    await contender.write(() => queries.setPopulation(city.id, before + 10_000))
    written.open()
    await reader

    const nextRead = await contender.read(total)
    const database = await total()
    return { contender: contender.name, database, nextRead, fresh: nextRead === database }
  } finally {
    await queries.setPopulation(city.id, before)
  }
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}
