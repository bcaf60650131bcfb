import type { Engine } from '../engine.js'
import { CacheError } from '../errors.js'

/** For changes that can't do without the store. */
export function unavailable({ store }: Engine, key: string, reason: string): CacheError {
  return new CacheError(
    'ERR_CACHE_UNAVAILABLE',
    `'${key}' can't be changed in ${store.name}: ${reason}; try again later`,
  )
}
