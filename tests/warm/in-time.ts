import type { ManualClock } from '@lookaside/testing'
import { settled } from '../behaviour/settled.js'

/** Lets the time of a clock pass, `step` ms at a time, until a promise has settled. */
export async function inTime<T>(clock: ManualClock, promise: Promise<T>, step = 50): Promise<T> {
  const done = settled(promise)
  await clock.advance(0)
  while (!done()) await clock.advance(step)
  return promise
}
