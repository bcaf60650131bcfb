import { CacheError, quote } from '../errors.js'

/** The longest key in bytes of UTF-8 that every backend takes: memcached's limit. */
export const MAX_WIRE_KEY_BYTES = 250

const PLAIN = /^[\x21-\x7e]{1,250}$/

/** Holds no byte up to 0x20, no 0x7f, and no half of a surrogate pair, which UTF-8 can't express. */
const UNICODE = /^[\x21-\x7e\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]+$/u

/**
 * Checks a key against the rule that all remote stores share: 1 to 250 bytes of UTF-8, none of them 0x00 to 0x20 or
 * 0x7f. The core sends no others; stores check for those who use them directly.
 *
 * @param what names the key in the message.
 * @throws CacheError `ERR_CACHE_KEY`
 */
export function checkWireKey(key: unknown, what = 'a key'): asserts key is string {
  if (typeof key === 'string') {
    if (PLAIN.test(key)) return
    if (UNICODE.test(key) && Buffer.byteLength(key) <= MAX_WIRE_KEY_BYTES) return
  }
  throw new CacheError(
    'ERR_CACHE_KEY',
    `${what} must be 1 to ${MAX_WIRE_KEY_BYTES} bytes of UTF-8 without spaces and control characters; received ${quote(key)}. Shorten it, or use a hash of it`,
  )
}
