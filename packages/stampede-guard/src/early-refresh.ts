import {
  CacheError,
  checkOptions,
  type Entry,
  type EntryMeta,
  flightWith,
  type Guard,
  type GuardOption,
  type GuardSettings,
  quote,
} from '@lookaside/core'

/** What `earlyRefresh` can be told. */
export interface EarlyRefreshOptions {
  /** How eager it is, a factor of the load time, 0 or more: above 1 earlier, below 1 later, 0 never. @default 1 */
  readonly beta?: number | undefined
}

declare module '@lookaside/core' {
  interface LoadOptions {
    /** How eagerly values are refreshed ahead of expiry, 0 or more, by `earlyRefresh`; 0 never. @default the guard's */
    readonly beta?: number | undefined
  }
}

const BETA: GuardOption<number> = { name: 'beta', parse: parseBeta }

/** The largest that -ln(1 - random()) can be: a random number has 53 bits. */
const LARGEST_DRAW = 53 * Math.LN2

/**
 * Refreshes a value in the background shortly before it expires, so that a busy key is never missed.
 *
 * Each hit draws by chance, likelier the nearer expiry is and the longer the last load took: it refreshes when
 * `now + loadTime * beta * -ln(u)` is past expiry, `u` uniform in (0, 1]. The caller gets the value that is there.
 * One process is elected by the claim, and the result is committed over the very version that was read. Far from
 * expiry no random number is drawn; a value whose load took no time is never refreshed early.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for a `beta` that is not a number from 0.
 * @see Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.
 *
 * @example
 * const cache = createCache({ store, guard: composeGuards(earlyRefresh({ beta: 1.5 }), claimed()) })
 * await cache.getOrSet('front-page', renderFrontPage, { ttl: '1m', beta: 3 })
 */
export function earlyRefresh(options: EarlyRefreshOptions = {}): Guard {
  checkOptions('earlyRefresh', options, ['beta'])
  const ownBeta = options.beta === undefined ? 1 : parseBeta(options.beta)
  /** How long before expiry a draw of 1 refreshes it. */
  const reach = ({ loadTime }: EntryMeta, settings: GuardSettings) =>
    loadTime * (settings.get(BETA) ?? ownBeta)
  return {
    name: 'early-refresh',
    options: [BETA],
    shouldRefresh(entry, now, random, settings) {
      const left = entry.staleAt - now
      const unit = reach(entry, settings)
      return left < unit * LARGEST_DRAW && left <= unit * -Math.log(1 - random())
    },
    refreshesFrom: (entry, settings) => entry.staleAt - reach(entry, settings) * LARGEST_DRAW,
    async run(flight, next) {
      const { reason, present } = flight
      if (reason !== 'early' || present === undefined) return next(flight)
      flight.emit({ type: 'early-refresh', key: flight.key })
      // Without a claim somebody else is at it, or nothing could be stored; there is a fresh value, so leave it.
      const elected = flightWith(flight, {
        load: async claim => (claim === undefined ? present : flight.load(claim)),
      })
      flight.background(next(elected))
      return present
    },
    join: async (passenger, outcome) => freshAlready(passenger) ?? outcome,
  }
}

function freshAlready<V>({ reason, present }: { reason: string; present: Entry<V> | undefined }) {
  return reason === 'early' ? present : undefined
}

function parseBeta(beta: unknown): number {
  if (typeof beta === 'number' && beta >= 0 && beta < Number.POSITIVE_INFINITY) return beta
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `beta must be a number from 0, 1 being the published optimum; received ${quote(beta)}`,
  )
}
