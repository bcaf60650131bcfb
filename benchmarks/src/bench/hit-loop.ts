import type { Milliseconds } from '@lookaside/core'
import { monotonic } from '../monotonic.js'
import { keyOf } from '../workload/keys.js'

// Each contestant gets an instance of this module of its own (see `own-hit-loop.ts`): the compiler optimises a call for
// what it has seen there, so the calls of several contestants in one place would all be slow.

/** Awaits one call after another, each for a key that is built for it. */
export async function awaitedHits(
  get: (key: string) => unknown,
  ids: Int32Array,
  calls: number,
): Promise<Milliseconds> {
  const start = monotonic()
  for (let call = 0; call < calls; call++) await get(keyOf(ids[call % ids.length] as number))
  return monotonic() - start
}

/** The same for calls that return at once. @throws Error when one found nothing. */
export function synchronousHits(
  peek: (key: string) => unknown,
  ids: Int32Array,
  calls: number,
): Milliseconds {
  const start = monotonic()
  let misses = 0
  for (let call = 0; call < calls; call++) {
    if (peek(keyOf(ids[call % ids.length] as number)) === undefined) misses++
  }
  const took = monotonic() - start
  if (misses > 0) throw new Error(`${misses} of ${calls} synchronous calls found nothing`)
  return took
}
