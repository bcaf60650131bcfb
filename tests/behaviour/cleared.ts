import type { Cache } from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import { expect, vi } from 'vitest'
import { settled } from './settled.js'

/** How long it takes on memcached until no process goes by what was cleared. */
const A_SECOND = 1_020

/** Clears, and lets the time pass that this takes where keys can't be listed; resolves as `clear` does. */
export async function cleared(cache: Pick<Cache, 'clear'>, clock: ManualClock): Promise<boolean> {
  const clearing = cache.clear()
  const done = settled(clearing)
  await clock.advance(0)
  await vi.waitFor(
    async () => {
      // A real server answers in its own time, and only then does the waiting begin.
      if (!done()) await clock.advance(A_SECOND)
      expect(done()).toBe(true)
    },
    { timeout: 10_000, interval: 10 },
  )
  return clearing
}
