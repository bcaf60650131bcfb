import type { Milliseconds } from '@lookaside/core'
import { seededRandom } from '../random.js'

/** How many requests arrive in a second, as time goes on. */
export interface ArrivalRate {
  /** For how long they arrive. */
  readonly duration: Milliseconds
  /** The largest that `at` returns. */
  readonly peak: number
  /** The rate at an instant from the beginning, per second. */
  at(instant: Milliseconds): number
}

/**
 * The instants of a Poisson process whose rate changes, from 0 on, in order; the same ones for the same seed.
 *
 * By thinning: of the arrivals of a process at the peak rate each is kept with the probability that its instant's
 * rate has of the peak.
 *
 * @see Lewis and Shedler: Simulation of Nonhomogeneous Poisson Processes by Thinning, Naval Research Logistics, 1979.
 */
export function poissonArrivals({ duration, peak, at }: ArrivalRate, seed = 1): Float64Array {
  const random = seededRandom(seed)
  const instants: Milliseconds[] = []
  let instant = 0
  while (true) {
    instant += (-Math.log(1 - random()) / peak) * 1_000
    if (instant >= duration) return Float64Array.from(instants)
    if (random() * peak < at(instant)) instants.push(instant)
  }
}
