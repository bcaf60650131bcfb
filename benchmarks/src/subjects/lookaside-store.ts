import type { LocalStore, RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import type { Place } from './subject.js'

/** A value of a megabyte with its frame; the memcached of the benchmarks takes items of two. */
const MAX_VALUE_BYTES = 1_500_000

/**
 * How long a call to a store, or a server that owes an answer, may take: longer than any does under the load of these
 * benchmarks, on a busy machine too, as one that runs out of time is a miss.
 */
export const STORE_TIMEOUT = '10s'

/** Our store at a place. */
export function storeAt(place: Place): LocalStore | RemoteStore {
  if (place.kind === 'local') return lruStore({ maxEntries: place.maxEntries })
  if (place.kind === 'redis') return redisStore({ url: place.url, socketTimeout: STORE_TIMEOUT })
  return memcachedStore({ url: place.url, timeout: STORE_TIMEOUT, maxValueBytes: MAX_VALUE_BYTES })
}
