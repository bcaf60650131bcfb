import type { ManualClock } from '@lookaside/testing'
import { expect, vi } from 'vitest'
import { settled } from '../behaviour/settled.js'

/** What a call resolves to, while time passes for those who wait for a claim: a real server frees it when it does. */
export async function answered<T>(call: Promise<T>, clock: ManualClock): Promise<T> {
  const done = settled(call)
  await vi.waitFor(
    async () => {
      await clock.advance(50)
      expect(done()).toBe(true)
    },
    { timeout: 10_000, interval: 5 },
  )
  return call
}
