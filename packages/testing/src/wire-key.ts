import { CacheError, quote } from '@lookaside/core'

/** The longest key in bytes that every backend takes. */
export const MAX_KEY_BYTES = 250

/**
 * Checks a key against the rule of the store contract.
 *
 * @throws CacheError `ERR_CACHE_KEY`
 */
export function checkWireKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && hasFittingLength(key) && key.isWellFormed() && !hasForbiddenByte(key)) return
  const expected = `a key must be 1 to ${MAX_KEY_BYTES} bytes of UTF-8 without spaces and control characters`
  throw new CacheError('ERR_CACHE_KEY', `${expected}; received ${quote(key)}; hash what does not fit`)
}

function hasFittingLength(key: string): boolean {
  return key.length > 0 && key.length <= MAX_KEY_BYTES && Buffer.byteLength(key) <= MAX_KEY_BYTES
}

function hasForbiddenByte(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    if (unit <= 0x20 || unit === 0x7f) return true
  }
  return false
}
