import {
  CACHE_OPTION_NAMES,
  type Cache,
  type CacheOptions,
  checkOptions,
  createCache,
  type Guard,
} from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { openStore } from './schemes.js'

/** Everything `createCache` takes, but the store: that is what the URL says. */
export interface UrlCacheOptions extends Omit<CacheOptions, 'store' | 'guard'> {
  /** Who loads and who waits; `false` lets every caller load for itself. @default stampedeGuard() */
  readonly guard?: Guard | false | undefined
}

const URL_OPTION_NAMES = CACHE_OPTION_NAMES.filter(name => name !== 'store')

/**
 * Checks the options of a function that takes the store from a URL.
 *
 * @throws CacheError `ERR_CACHE_OPTION`
 */
export function checkUrlOptions(what: string, options: UrlCacheOptions, otherwise?: string): void {
  const { options: added = [] } = guardOf(options) ?? {}
  checkOptions(what, options, [...URL_OPTION_NAMES, ...added.map(({ name }) => name)], otherwise)
}

/** Creates a cache over the store that a URL names; the names of its options are checked. @throws CacheError */
export async function openCache(url: string, options: UrlCacheOptions): Promise<Cache> {
  const store = await openStore(url)
  try {
    return createCache({ ...options, guard: guardOf(options), store })
  } catch (error) {
    // Whoever opens, closes: nobody else knows of this store.
    if (store.kind === 'remote') await store.close()
    throw error
  }
}

function guardOf(options: UrlCacheOptions | null): Guard | undefined {
  const guard = options?.guard ?? stampedeGuard()
  return guard === false ? undefined : guard
}
