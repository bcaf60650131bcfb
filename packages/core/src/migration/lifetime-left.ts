import type { EpochMs, Milliseconds } from '../duration.js'
import { decodeStoredToken, type RemoteToken } from '../tags/remote-token.js'
import { decodeHead } from '../values/frame.js'

/** How much longer than its value lives a frame is kept, as the base of a load that is to replace it. */
const LINGER: Milliseconds = 5_000

/** Longer than anything is kept: what claims more is no token. */
const LONGEST: Milliseconds = 2 * 3_650 * 86_400_000

/** Where the core keeps tokens: of tags, of their epochs, and of generations. */
const TOKEN_KEY = /(?:^|:)#(?:tag|epoch|gen):/

/**
 * How long the bytes of a key may still be kept, as they say themselves, at least 1 ms; `'over'` for what is as good as
 * absent: a dead value, or the marker of whoever loads it. `undefined` where nothing tells: counters, values of the
 * raw codecs, what another program or a later release has written.
 */
export function lifetimeLeft(
  key: string,
  bytes: Uint8Array,
  now: EpochMs,
): Milliseconds | 'over' | undefined {
  const head = decodeHead(key, bytes)
  if (head.kind === 'marker') return 'over'
  if (head.kind === 'value') return head.deleteAt > now ? head.deleteAt - now + LINGER : 'over'
  const token = tokenAt(key, bytes)
  if (token === undefined) return undefined
  const left = token.keptUntil - now
  return left < LONGEST ? Math.max(1, left) : undefined
}

/** The token that a key holds; `undefined` for keys of anything else. */
export function tokenAt(key: string, bytes: Uint8Array): RemoteToken | undefined {
  return TOKEN_KEY.test(key) ? decodeStoredToken(bytes) : undefined
}
