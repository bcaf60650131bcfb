import { seededRandom } from '../random.js'

/** The key of an item, built for each call as applications build it. */
export function keyOf(id: number): string {
  return `user:${id}`
}

/** Ids in no order, each as likely as any other; the same ones for the same seed. */
export function uniformIds(count: number, population: number, seed = 1): Int32Array {
  const random = seededRandom(seed)
  return Int32Array.from({ length: count }, () => Math.floor(random() * population))
}

/** All ids once, in no order; the same order for the same seed. */
export function shuffledIds(population: number, seed = 1): Int32Array {
  const random = seededRandom(seed)
  const ids = Int32Array.from({ length: population }, (_, id) => id)
  for (let last = population - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const id = ids[last] as number
    ids[last] = ids[other] as number
    ids[other] = id
  }
  return ids
}
