import { CacheError, quote } from '@lookaside/core'

const MAX_KEY_BYTES = 250
const ASCII = /^[\x21-\x7e]{1,250}$/
/** Without the bytes 0x00 to 0x20 and 0x7f, and without halves of surrogate pairs, which UTF-8 cannot express. */
const UNICODE = /^[\x21-\x7e\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]+$/u

/**
 * Refuses what memcached would not take as a key; it answers an illegal one by closing the connection.
 *
 * @throws CacheError `ERR_CACHE_KEY`.
 */
export function checkKey(key: string): void {
  if (ASCII.test(key)) return
  if (UNICODE.test(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES) return
  throw new CacheError(
    'ERR_CACHE_KEY',
    `a memcached key must be 1 to ${MAX_KEY_BYTES} bytes of well-formed UTF-8 without spaces and control characters; ` +
      `received ${quote(key)} (${Buffer.byteLength(key)} bytes); shorten or hash it`,
  )
}
