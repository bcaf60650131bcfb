import type { EpochMs, Milliseconds } from '@lookaside/core'

const LONGEST_RELATIVE_SECONDS = 30 * 24 * 60 * 60
const LONGEST_TTL: Milliseconds = 3_650 * 24 * 60 * 60 * 1_000

/**
 * Turns a ttl into memcached's `exptime`: whole seconds, never 0, which would mean "for ever".
 *
 * One second more than the ttl rounded up, because the server's clock ticks once a second: an item may lose up to
 * one second of what it was given. Above 30 days memcached takes the number for a time since 1970, so that is sent.
 * A ttl that is not at least 1 ms counts as 1 ms, one above ten years as ten years.
 */
export function toExptime(ttl: Milliseconds, now: EpochMs = Date.now()): number {
  const ms = ttl >= 1 ? Math.min(ttl, LONGEST_TTL) : 1
  const seconds = Math.ceil(ms / 1_000) + 1
  return seconds > LONGEST_RELATIVE_SECONDS ? Math.ceil(now / 1_000) + seconds : seconds
}
