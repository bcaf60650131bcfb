import { setTimeout as sleep } from 'node:timers/promises'

export const PRODUCTS = 400

const prices = new Map<number, number>()
let queries = 0

/** The slow query that the cache is for. */
export async function priceOf(id: number): Promise<number> {
  queries++
  const price = prices.get(id) ?? 0
  await sleep(5)
  return price
}

/** Prices only rise here, so that an old one is told from a new one. */
export function raisePrice(id: number): number {
  const price = (prices.get(id) ?? 0) + 1
  prices.set(id, price)
  return price
}

export function queriesSoFar(): number {
  return queries
}
