import type { Cache, CacheEvent, CacheOptions } from '@lookaside/core'
import { type EventTrace, eventTrace, ManualClock } from '@lookaside/testing'
import { type Backend, openCache } from '../backends.js'

/** A cache on a clock that stands still, and everything that it tells. */
export interface ObservedCache {
  readonly cache: Cache
  readonly clock: ManualClock
  readonly trace: EventTrace<CacheEvent>
}

/** Opens a cache over `backend`; entries live by its clock, whatever the store's own clock says. */
export function observedCache(
  backend: Backend,
  options: Partial<CacheOptions> & { readonly clock?: ManualClock } = {},
): ObservedCache {
  const { clock = new ManualClock() } = options
  const cache = openCache(backend, { ...options, clock })
  return { cache, clock, trace: eventTrace(cache) }
}
