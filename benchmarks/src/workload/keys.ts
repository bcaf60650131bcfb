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
