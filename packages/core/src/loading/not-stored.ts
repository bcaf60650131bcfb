import type { CacheError } from '../errors.js'
import type { NotStoredReason } from '../events.js'

/** Why a value could not be stored, by what that failed with. */
export function notStoredReason({ code }: CacheError): NotStoredReason {
  if (code === 'ERR_CACHE_NOT_ENCODABLE') return 'not-encodable'
  return code === 'ERR_CACHE_TOO_LARGE' ? 'too-large' : 'store-error'
}
