import type { Milliseconds } from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import type { Turn } from './scheduled-store.js'

/** More turns than any program needs. */
const ENOUGH = 2_000

/**
 * Lets time pass until `work` has settled: it moves on by the next of `steps` whenever it gets its turn.
 *
 * Whoever sleeps wakes up, as ever in between of what the others do. Work that waits for something that never
 * happens is told by a rejection.
 */
export async function whileTimePasses<T>(
  work: Promise<T>,
  { clock, turn, steps }: { clock: ManualClock; turn: Turn; steps: readonly Milliseconds[] },
): Promise<T> {
  let settled = false
  const note = () => {
    settled = true
  }
  work.then(note, note)
  for (let taken = 0; !settled; taken++) {
    if (taken === ENOUGH) throw new Error(`not settled after ${clock.monotonic()} ms`)
    await turn('time passes')
    if (!settled) await clock.advance(steps[taken % steps.length] as Milliseconds)
  }
  return work
}
