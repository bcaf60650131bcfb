import {
  CacheError,
  type Claim,
  checkOptions,
  type Duration,
  flightWith,
  type Guard,
  type Milliseconds,
} from '@lookaside/core'
import { positiveDuration } from './positive-duration.js'

/** What `claimed` can be told. */
export interface ClaimedOptions {
  /** How long a claim holds unless its load renews it, at least 1 ms: what a crashed loader can cost the others. @default the cache's claimTtl, 5 s */
  readonly ttl?: Duration | undefined
  /** How long a caller waits for another process' load before it loads for itself without storing. @default '10s' */
  readonly wait?: Duration | undefined
  /** How often who waits looks: after `min` first, then ever later up to `max`, at least 1 ms each. @default { min: '2ms', max: '50ms' } */
  readonly poll?: { readonly min?: Duration | undefined; readonly max?: Duration | undefined } | undefined
}

const DEFAULT_WAIT: Milliseconds = 10_000
const DEFAULT_MIN: Milliseconds = 2
const DEFAULT_MAX: Milliseconds = 50

/** Each pause may be this much longer than the one before. */
const SLOWDOWN = 1.5

/**
 * Lets one process load a key, by a claim in the store, while the others wait for its value.
 *
 * The claim is renewed while its load lasts, and expires when its process has died: another takes over. Who finds
 * the key claimed is served a stale value within grace at once; without one it looks again and again, one look per
 * key for all callers of this process, at random times so that processes don't look in step. After `wait` it loads
 * without storing. A store that can't be reached leaves each process to itself.
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options.
 *
 * @example
 * const cache = createCache({ store: redisStore(url), guard: claimed({ wait: '3s' }) })
 */
export function claimed(options: ClaimedOptions = {}): Guard {
  checkOptions('claimed', options, ['ttl', 'wait', 'poll'])
  checkOptions('poll of claimed', options.poll, ['min', 'max'])
  const ttl = options.ttl === undefined ? undefined : positiveDuration('ttl of claimed', options.ttl, 0)
  const wait = positiveDuration('wait of claimed', options.wait, DEFAULT_WAIT)
  const min = positiveDuration('min of poll', options.poll?.min, DEFAULT_MIN)
  const max = positiveDuration('max of poll', options.poll?.max, Math.max(min, DEFAULT_MAX))
  if (max < min) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `max of poll must be at least its min of ${min} ms; received ${max} ms`,
    )
  }
  return {
    name: 'claimed',
    // Callers of one process wait together.
    joins: true,
    async run(flight, next) {
      const { clock, present } = flight
      const proceed = (claim: Claim | 'unavailable') => next(flightWith(flight, { claim: async () => claim }))
      let until: Milliseconds | undefined
      for (let longest = min; ; longest = Math.min(max, longest * SLOWDOWN)) {
        const claim = await flight.claim(ttl)
        if (typeof claim === 'object' || claim === 'unavailable') return proceed(claim)
        if (claim === 'held') {
          if (present !== undefined && clock.now() < present.deleteAt) return present
          if (until === undefined) flight.emit({ type: 'claim-wait', key: flight.key })
          until ??= clock.monotonic() + wait
          const left = until - clock.monotonic()
          if (left <= 0) return proceed('unavailable')
          await clock.sleep(Math.min(left, pauseOf(min, longest, clock.random())), flight.signal)
        }
        const arrived = await flight.recheck()
        if (arrived !== undefined) return arrived
      }
    },
  }
}

/** A whole number of milliseconds between the shortest pause and the longest so far. */
function pauseOf(min: Milliseconds, longest: Milliseconds, random: number): Milliseconds {
  return Math.round(min + (longest - min) * random)
}
