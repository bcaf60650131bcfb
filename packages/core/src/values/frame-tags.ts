import { decodeToken, encodeToken, HALF, TOKEN_BYTES } from '../tags/remote-token.js'
import type { Tagged, Token } from '../tags/token.js'

/** The tags of a frame: for each the length of its name in one byte, the name in UTF-8, its token of 16 bytes. */
export function encodeTags(tagged: readonly Tagged[]): Uint8Array {
  if (tagged.length === 0) return new Uint8Array()
  const parts: Uint8Array[] = []
  for (const { name, token } of tagged) {
    const bytes = Buffer.from(name)
    parts.push(Uint8Array.of(bytes.length), bytes, encodeToken(token))
  }
  return Buffer.concat(parts)
}

/**
 * Where the next tag begins, if at `at` there is this one with this token; -1 where there is anything else, or `at` is
 * -1. So a reader finds what it expects without decoding it; names beyond ASCII are left to `decodeTags`.
 */
export function afterTag(bytes: Uint8Array, at: number, end: number, name: string, token: Token): number {
  const { hard, soft } = token
  const { length } = name
  const tokenAt = at + 1 + length
  if (at < 0 || tokenAt + TOKEN_BYTES > end || bytes[at] !== length) return -1
  // A token that stands for what the store has not taken is equal to none that is stored.
  if (typeof hard !== 'string' || typeof soft !== 'string') return -1
  for (let index = 0; index < length; index++) {
    const unit = name.charCodeAt(index)
    if (unit > 0x7f || bytes[at + 1 + index] !== unit) return -1
  }
  for (let index = 0; index < HALF; index++) {
    if (bytes[tokenAt + index] !== hard.charCodeAt(index)) return -1
    if (bytes[tokenAt + HALF + index] !== soft.charCodeAt(index)) return -1
  }
  return tokenAt + TOKEN_BYTES
}

/** `undefined` for bytes that are no tags. */
export function decodeTags(bytes: Buffer): readonly Tagged[] | undefined {
  const tagged: Tagged[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 1 + (bytes[at] as number)
    if (end + TOKEN_BYTES > bytes.length) return undefined
    tagged.push({ name: bytes.toString('utf8', at + 1, end), token: decodeToken(bytes, end) })
    at = end + TOKEN_BYTES
  }
  return tagged
}
