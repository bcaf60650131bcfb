import { isUtf8 } from 'node:buffer'
import { CacheError, quote } from '../errors.js'
import { decodeJson, encodeJson } from './json-text.js'
import { notEncodable } from './not-encodable.js'
import { utf8 } from './utf8.js'

/**
 * The codecs whose values have no frame, for keys that programs in other languages share.
 *
 * - `'raw'`: text, as UTF-8.
 * - `'raw-json'`: JSON text, losing what JSON loses.
 * - `'raw-bytes'`: bytes, as they are.
 */
export type RawCodecName = 'raw' | 'raw-json' | 'raw-bytes'

/** Writes values with nothing around them. */
export interface RawCodec {
  readonly framed: false
  readonly name: RawCodecName
  /** @throws CacheError `ERR_CACHE_NOT_ENCODABLE` for what it doesn't write. */
  encode(value: unknown): { readonly codecId: number; readonly payload: Uint8Array }
  /** Throws for bytes that it doesn't read, which another program has written. */
  decode(bytes: Uint8Array): unknown
}

/** No frame names these codecs, so they need no ids. */
const NO_ID = 0

const rawText: RawCodec = {
  framed: false,
  name: 'raw',
  encode(value) {
    if (typeof value === 'string' && value.isWellFormed())
      return { codecId: NO_ID, payload: Buffer.from(value) }
    throw refused('raw', 'a string without lone surrogates', value)
  },
  decode(bytes) {
    if (!isUtf8(bytes)) throw new TypeError('the bytes are no UTF-8')
    return utf8(bytes)
  },
}

const rawJson: RawCodec = {
  framed: false,
  name: 'raw-json',
  encode(value) {
    try {
      return { codecId: NO_ID, payload: encodeJson(value) }
    } catch (cause) {
      throw notEncodable('raw-json', value, cause)
    }
  },
  decode(bytes) {
    // Otherwise what is no text would be read with replacement characters.
    if (!isUtf8(bytes)) throw new TypeError('the bytes are no UTF-8')
    return decodeJson(bytes)
  },
}

const rawBytes: RawCodec = {
  framed: false,
  name: 'raw-bytes',
  encode(value) {
    if (value instanceof Uint8Array) return { codecId: NO_ID, payload: value }
    throw refused('raw-bytes', 'a Uint8Array', value)
  },
  decode: bytes => Buffer.from(bytes),
}

/** The codecs without a frame, by their names. */
export const RAW_CODECS: Readonly<Record<RawCodecName, RawCodec>> = {
  raw: rawText,
  'raw-json': rawJson,
  'raw-bytes': rawBytes,
}

function refused(name: RawCodecName, what: string, value: unknown): CacheError {
  const others = Object.keys(RAW_CODECS).filter(other => other !== name)
  return new CacheError(
    'ERR_CACHE_NOT_ENCODABLE',
    `codec '${name}' stores ${what}; received ${quote(value)}: encode it yourself, or use another codec, such as '${others.join("' or '")}'`,
  )
}
