import { CacheError, quote } from '@lookaside/core'

const MAX_KEY_BYTES = 250
const PLAIN = /^[\x21-\x7e]{1,250}$/
/** Control characters, the space and DEL; what else UTF-8 makes of a character is above 0x7f. */
const FORBIDDEN = /[^\x21-\x7e\x80-\uffff]/

/**
 * Checks a key against the rule that all stores share: 1 to 250 bytes of UTF-8, none of them 0x00 to 0x20 or 0x7f.
 *
 * @throws CacheError `ERR_CACHE_KEY`
 */
export function checkWireKey(key: unknown, what = 'a key'): asserts key is string {
  if (typeof key === 'string' && (PLAIN.test(key) || isOddButLegal(key))) return
  throw new CacheError(
    'ERR_CACHE_KEY',
    `${what} must be 1 to ${MAX_KEY_BYTES} bytes of UTF-8 without spaces and control characters; received ${quote(key)}. Use a hash of what does not fit`,
  )
}

function isOddButLegal(key: string): boolean {
  return key !== '' && !FORBIDDEN.test(key) && key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES
}
