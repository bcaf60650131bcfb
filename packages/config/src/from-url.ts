import type { Cache } from '@lookaside/core'
import { type CacheDefaults, checkDefaults } from './opening/cache-defaults.js'
import { openUrl } from './opening/open-url.js'

/**
 * Creates a cache over the store that a URL names.
 *
 * - `memory:` or `memory:?maxEntries=10000`: in this process (`@lookaside/lru`).
 * - `redis://user:password@host:6379/0`, or `rediss://` for TLS (`@lookaside/redis`).
 * - `memcached://host1:11211,host2:11211` (`@lookaside/memcached`).
 * - `none:`: nowhere; every call loads.
 *
 * The adapter's package is loaded only then. An unreachable server makes misses; `ready()` tells. What a URL can't say,
 * such as tiers, `fromConfig` and `fromFile` can.
 *
 * @throws CacheError `ERR_CACHE_URL` for another scheme or a malformed URL; `ERR_CACHE_CONFIG` where the adapter is not
 * installed; what `createCache` throws for the options, and `ERR_CACHE_OPTION` for a `store` among them. URLs are quoted
 * without their password.
 *
 * @example
 * const cache = await fromUrl('redis://localhost:6379', { ttl: '10m' })
 */
export async function fromUrl(url: string | URL, options: CacheDefaults = {}): Promise<Cache> {
  checkDefaults('fromUrl', options)
  return openUrl(url instanceof URL ? url.href : url, options)
}
