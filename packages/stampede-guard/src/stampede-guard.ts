import { checkOptions, type Guard } from '@lookaside/core'
import { type BackOffOptions, backOff } from './back-off.js'
import { type ClaimedOptions, claimed } from './claimed.js'
import { composeGuards } from './compose-guards.js'
import { type EarlyRefreshOptions, earlyRefresh } from './early-refresh.js'
import { type LimitLoadsOptions, limitLoads } from './limit-loads.js'
import { singleFlight } from './single-flight.js'
import { type StaleWhileRevalidateOptions, staleWhileRevalidate } from './stale-while-revalidate.js'

/** The options of each part; `false` leaves it out. */
export interface StampedeGuardOptions {
  /** Pauses between failing loads of a key. @default {} */
  readonly backOff?: BackOffOptions | false | undefined
  /** Refreshes busy keys before they expire. @default {} */
  readonly earlyRefresh?: EarlyRefreshOptions | false | undefined
  /** Serves stale values within grace while they are refreshed. @default {} */
  readonly staleWhileRevalidate?: StaleWhileRevalidateOptions | false | undefined
  /** How many loads may run at once in this process. @default false */
  readonly limitLoads?: LimitLoadsOptions | false | undefined
  /** One load across processes. @default {} */
  readonly claimed?: ClaimedOptions | false | undefined
}

const NAMES = ['backOff', 'earlyRefresh', 'staleWhileRevalidate', 'limitLoads', 'claimed']

/**
 * One load, however many ask: single-flight, claims across processes, early refresh, stale-while-revalidate and a
 * back-off after failures, in the order that makes them work together.
 *
 * Each part is exported, for `composeGuards`. `softTimeout`, `beta` and `hardTimeout` can be set on the cache, on a
 * namespace and for a call.
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options.
 *
 * @example
 * const cache = createCache({ store: redisStore(url), guard: stampedeGuard(), ttl: '1m', grace: '1h' })
 * const page = await cache.getOrSet('front-page', renderFrontPage, { softTimeout: '100ms' })
 */
export function stampedeGuard(options: StampedeGuardOptions = {}): Guard {
  checkOptions('stampedeGuard', options, NAMES)
  const parts = [
    options.backOff !== false && backOff(options.backOff),
    options.earlyRefresh !== false && earlyRefresh(options.earlyRefresh),
    options.staleWhileRevalidate !== false && staleWhileRevalidate(options.staleWhileRevalidate),
    singleFlight(),
    options.limitLoads !== undefined && options.limitLoads !== false && limitLoads(options.limitLoads),
    options.claimed !== false && claimed(options.claimed),
  ]
  return { ...composeGuards(...parts.filter(part => part !== false)), name: 'stampede-guard' }
}
