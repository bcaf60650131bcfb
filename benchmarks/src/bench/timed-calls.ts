import type { Milliseconds } from '@lookaside/core'

/** Runs so many calls and returns how long they took together. */
export type TimeCalls = (calls: number) => Milliseconds | Promise<Milliseconds>

/**
 * Finds how many calls last about as long as a round should, so that slow contestants take no more time than fast ones.
 *
 * @param least the fewest calls of a round, also when they take longer
 */
export async function callsPerRound(time: TimeCalls, round: Milliseconds, least: number): Promise<number> {
  // What the compiler has not seen yet would seem to need few calls.
  for (let warm = 0; warm < round; ) warm += await time(least)
  let calls = least
  while (true) {
    const took = await time(calls)
    if (took >= round / 4) return Math.max(least, Math.ceil((calls * round) / took))
    calls *= 4
  }
}
