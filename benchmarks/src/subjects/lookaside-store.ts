import {
  type Cache,
  type CacheOptions,
  createCache,
  type LocalStore,
  type Milliseconds,
  type RemoteStore,
} from '@lookaside/core'
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

/** A Redis that is waited for; to be used with a `storeTimeout` of `STORE_TIMEOUT`. */
export function patientRedisStore(url: string): RemoteStore {
  return redisStore({ url, connectTimeout: STORE_TIMEOUT, socketTimeout: STORE_TIMEOUT })
}

/** Our store at a place. */
function storeAt(place: Place): LocalStore | RemoteStore {
  if (place.kind === 'local') return lruStore({ maxEntries: place.maxEntries })
  if (place.kind === 'redis') return patientRedisStore(place.url)
  return memcachedStore({ url: place.url, timeout: STORE_TIMEOUT, maxValueBytes: MAX_VALUE_BYTES })
}

/** A cache of ours at a place, connected. */
export async function openAt(
  place: Place,
  ttl: Milliseconds,
  options: Omit<CacheOptions, 'store' | 'ttl' | 'storeTimeout'> = {},
): Promise<Cache> {
  const cache = createCache({ ...options, store: storeAt(place), ttl, storeTimeout: STORE_TIMEOUT })
  await cache.ready({ timeout: STORE_TIMEOUT })
  return cache
}
