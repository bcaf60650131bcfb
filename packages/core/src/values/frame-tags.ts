import { decodeToken, encodeToken, TOKEN_BYTES } from '../tags/remote-token.js'
import type { Tagged } from '../tags/token.js'

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
