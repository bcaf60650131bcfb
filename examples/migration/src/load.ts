import type { Cache } from '@lookaside/core'
import { PRODUCTS, priceOf, queriesSoFar, raisePrice } from './products.js'

/** What a load of requests has come to. */
export interface LoadResult {
  readonly requests: number
  readonly changes: number
  readonly queries: number
  /** Prices that were older than a change which had been invalidated before the request began. */
  readonly stale: number
}

const CALLERS = 50
const REQUESTS = 8_000
/** One request in so many changes a price. */
const CHANGE_EVERY = 400

const key = (id: number) => `product:${id}`
/** The newest price of which everybody must know. */
const known = new Map<number, number>()

/** Many callers ask two processes for prices, and now and then change one. */
export async function load(caches: readonly [Cache, Cache]): Promise<LoadResult> {
  const queriesBefore = queriesSoFar()
  let [requests, changes, stale] = [0, 0, 0]

  async function change(cache: Cache, id: number): Promise<void> {
    changes++
    const price = raisePrice(id)
    const delivered = await cache.delete(key(id))
    if (delivered) known.set(id, Math.max(price, known.get(id) ?? 0))
  }

  async function ask(cache: Cache, id: number): Promise<void> {
    const atLeast = known.get(id) ?? 0
    const price = await cache.getOrSet(key(id), () => priceOf(id))
    if (price < atLeast) stale++
  }

  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (requests < REQUESTS) {
        const request = ++requests
        const cache = caches[request % 2] as Cache
        const id = Math.floor(Math.random() * PRODUCTS)
        await (request % CHANGE_EVERY === 0 ? change(cache, id) : ask(cache, id))
      }
    }),
  )
  return { requests, changes, queries: queriesSoFar() - queriesBefore, stale }
}
