import { createHash } from 'node:crypto'
import { randomId } from '../random-bits.js'

/**
 * Where the new store keeps it in mind that the old one has not taken the delete of a key: what it holds there is not to
 * be believed.
 *
 * Not at the key itself, which others write meanwhile, and under no cache's prefix, since a `clear()` must not end it.
 */
export function tombstoneKey(key: string): string {
  return `lookaside#gone:${createHash('sha256').update(key).digest('base64url')}`
}

/** The bytes of a tombstone, no two alike: whoever takes one away names the very one that it has read. */
export function newTombstone(): Buffer {
  return Buffer.from(randomId())
}
