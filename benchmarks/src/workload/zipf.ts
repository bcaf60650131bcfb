import { seededRandom } from '../random.js'

/**
 * Ids whose popularity falls as a power of their rank: id 0 is asked for most, id `k` in proportion to
 * `1 / (k + 1) ** exponent`; the same ones for the same seed.
 *
 * Exact: a table of the cumulative shares is searched for each. YCSB, and so most of the literature on caches, takes
 * 0.99 as the exponent.
 */
export function zipfIds(count: number, population: number, exponent = 0.99, seed = 1): Int32Array {
  const shares = cumulativeShares(population, exponent)
  const random = seededRandom(seed)
  return Int32Array.from({ length: count }, () => firstAbove(shares, random()))
}

/** For each id, how large a share of all requests it and the more popular ones have. */
function cumulativeShares(population: number, exponent: number): Float64Array {
  const shares = new Float64Array(population)
  let sum = 0
  for (let id = 0; id < population; id++) {
    sum += (id + 1) ** -exponent
    shares[id] = sum
  }
  return shares.map(share => share / sum)
}

/** The index of the first number above `bound`, of sorted ones; the last index where none is. */
function firstAbove(sorted: Float64Array, bound: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) > bound) high = middle
    else low = middle + 1
  }
  return low
}
