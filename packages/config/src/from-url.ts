import { type Cache, type CacheOptions, createCache } from '@lookaside/core'
import { openStore } from './schemes.js'

/** Everything `createCache` takes, but the store: that is what the URL says. */
export type UrlCacheOptions = Omit<CacheOptions, 'store'>

/**
 * Creates a cache over the store that a URL names.
 *
 * - `memory:` or `memory:?maxEntries=10000`: in this process (`@lookaside/lru`).
 * - `redis://user:password@host:6379/0`, or `rediss://` for TLS (`@lookaside/redis`).
 * - `memcached://host1:11211,host2:11211` (`@lookaside/memcached`).
 *
 * The adapter's package is loaded only then. An unreachable server makes misses; `ready()` tells.
 *
 * @throws CacheError `ERR_CACHE_URL` for another scheme, a malformed URL, or an adapter that is not installed; what
 * `createCache` throws for the options. URLs are quoted without their password.
 *
 * @example
 * const cache = await fromUrl('redis://localhost:6379', { ttl: '10m' })
 */
export async function fromUrl(url: string, options: UrlCacheOptions = {}): Promise<Cache> {
  const store = await openStore(url)
  try {
    return createCache({ ...options, store })
  } catch (error) {
    // Whoever opens, closes: nobody else knows of this store.
    if (store.kind === 'remote') await store.close()
    throw error
  }
}
