import type { Milliseconds } from '@lookaside/core'
import { monotonic } from '../monotonic.js'
import { keyOf } from '../workload/keys.js'

/** So many callers, each awaiting one call after another, until all calls have been made; returns how long that took. */
export async function concurrentHits(
  get: (key: string) => Promise<unknown>,
  ids: Int32Array,
  callers: number,
  calls: number,
): Promise<Milliseconds> {
  let made = 0
  const caller = async () => {
    while (made < calls) await get(keyOf(ids[made++ % ids.length] as number))
  }
  const start = monotonic()
  await Promise.all(Array.from({ length: callers }, caller))
  return monotonic() - start
}
