import { setTimeout as sleep } from 'node:timers/promises'

export interface Product {
  readonly id: number
  readonly description: string
}

export const PRODUCTS = 4_000
const PAGE = 100

let queries = 0

/** How often the database was asked for a product. */
export function queriesSoFar(): number {
  return queries
}

/** The ids of all products, from a cursor: a page at a time is in memory, however many there are. */
export async function* productIds(): AsyncGenerator<number> {
  for (let first = 1; first <= PRODUCTS; first += PAGE) {
    await sleep(2) // the next page
    for (let id = first; id < first + PAGE; id++) yield id
  }
}

/** The slow query that the cache is for. */
export async function findProduct(id: number): Promise<Product> {
  queries++
  await sleep(8)
  return { id, description: `Product ${id}, described at length` }
}
