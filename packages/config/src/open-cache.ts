import { CACHE_OPTION_NAMES, type Cache, type CacheOptions, checkOptions, createCache } from '@lookaside/core'
import { openStore } from './schemes.js'

/** Everything `createCache` takes, but the store: that is what the URL says. */
export type UrlCacheOptions = Omit<CacheOptions, 'store'>

const URL_OPTION_NAMES = CACHE_OPTION_NAMES.filter(name => name !== 'store')

/**
 * Checks the options of a function that takes the store from a URL.
 *
 * @throws CacheError `ERR_CACHE_OPTION`
 */
export function checkUrlOptions(what: string, options: unknown, otherwise?: string): void {
  checkOptions(what, options, URL_OPTION_NAMES, otherwise)
}

/** Creates a cache over the store that a URL names; the names of its options are checked. @throws CacheError */
export async function openCache(url: string, options: UrlCacheOptions): Promise<Cache> {
  const store = await openStore(url)
  try {
    return createCache({ ...options, store })
  } catch (error) {
    // Whoever opens, closes: nobody else knows of this store.
    if (store.kind === 'remote') await store.close()
    throw error
  }
}
