import { type Cache, type CacheStore, createCache, nullStore } from '@lookaside/core'
import { openLru } from '../stores/lru.js'
import { openMemcached } from '../stores/memcached.js'
import { openRedis } from '../stores/redis.js'
import { storeFromUrl } from '../stores/store-urls.js'
import type { CacheDefaults } from './cache-defaults.js'
import { guardOf, unsharedGuardOf } from './open-guard.js'

/** Creates a cache over the store that a URL names; the names of its options are checked. @throws CacheError */
export async function openUrl(url: string, options: CacheDefaults): Promise<Cache> {
  const store = await storeOf(url)
  const guard = store.name === 'none' ? unsharedGuardOf(options.guard) : guardOf(options.guard)
  try {
    return createCache({ ...options, guard, store })
  } catch (error) {
    // Whoever opens, closes: nobody else knows of this store.
    if (store.kind === 'remote') await store.close()
    throw error
  }
}

async function storeOf(url: string): Promise<CacheStore> {
  const found = storeFromUrl(url)
  switch (found.type) {
    case 'lru':
      return openLru({ maxEntries: found.maxEntries })
    case 'redis':
      return openRedis({ url: found.url })
    case 'memcached':
      return openMemcached({ url: found.url })
    default:
      return nullStore()
  }
}
