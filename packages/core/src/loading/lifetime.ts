import type { Settings } from '../cache/settings.js'
import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import type { View } from '../tiers/tier.js'

/** When a value goes stale and when it dies. */
export interface Lifetime {
  readonly staleAt: EpochMs
  readonly deleteAt: EpochMs
}

/**
 * The instants of a value that is stored now; `undefined` for one that is not to be stored.
 *
 * `asked` is the ttl of this very value, where somebody set one: it wins over `negativeTtl`.
 */
export function lifetimeOf(
  value: unknown,
  asked: Milliseconds | undefined,
  settings: Settings,
  clock: Clock,
): Lifetime | undefined {
  const negative = value === undefined || value === null ? settings.negativeTtl : undefined
  const ttl = asked ?? negative ?? settings.ttl
  if (ttl === 0) return undefined
  const spread =
    settings.jitter === 0 ? ttl : Math.max(1, Math.ceil(ttl * (1 - settings.jitter * clock.random())))
  const staleAt = clock.now() + spread
  return { staleAt, deleteAt: staleAt + settings.grace }
}

/**
 * How long a store keeps a value: until it is dead and, as the base of a compare-and-set, for one claim more.
 *
 * Without a frame nobody could tell when it is stale, so the store has to forget it then.
 */
export function keptFor(
  { staleAt, deleteAt }: Lifetime,
  { format }: View,
  now: EpochMs,
  linger: Milliseconds,
): Milliseconds {
  return Math.max(1, format.codec.framed ? deleteAt - now + linger : staleAt - now)
}
