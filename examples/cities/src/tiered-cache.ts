import { type Cache, type CacheOptions, createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { type RedisBusMode, redisBus, redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'

/** What differs from cache to cache. */
export type ServiceCacheOptions = Pick<CacheOptions, 'prefix' | 'ttl' | 'grace' | 'storeTimeout'>

/** A memory of this process before the Redis at `url`, and the bus by which it learns what others have changed. */
export function tieredCache(url: string, mode: RedisBusMode, options: ServiceCacheOptions): Cache {
  return createCache({
    store: [lruStore({ maxEntries: 10_000 }), redisStore(url)],
    bus: redisBus(url, { mode }),
    guard: stampedeGuard(),
    ...options,
  })
}
