import { CacheError, quote } from '../errors.js'
import { isJsonLossless } from './json-lossless.js'
import { decodeJson, encodeJson } from './json-text.js'
import { notEncodable } from './not-encodable.js'
import { RAW_CODECS, type RawCodec, type RawCodecName } from './raw-codec.js'
import { deserializeStructured, serializeStructured } from './structured-clone.js'

/**
 * Turns values into bytes and back, for remote stores.
 *
 * `id` goes into every frame, so that a process with another codec recognises what it can't read: an integer from
 * 128 to 255, the same for as long as values written with it may live. `decode(encode(value))` must equal `value`;
 * `decode` throws for bytes that it can't read, which makes them a miss. What it is given is a copy that it may keep.
 *
 * @example
 * import { decode, encode } from 'cbor-x'
 * const cbor: Codec = { name: 'cbor', id: 128, encode, decode }
 */
export interface Codec {
  readonly name: string
  readonly id: number
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/**
 * The codecs that need no code of your own.
 *
 * - `'auto'` (the default): JSON text where that is lossless for the value, structured clone otherwise.
 * - `'json'`: JSON text always, losing what JSON loses: a `Date` becomes a string, `NaN` becomes `null`.
 * - `'structured'`: structured clone always, in V8's own format.
 * - `'raw'`, `'raw-json'`, `'raw-bytes'`: text, JSON text or bytes without a frame, for keys shared with programs in
 *   other languages.
 */
export type CodecName = 'auto' | 'json' | 'structured' | RawCodecName

/** A codec as frames use it. */
interface PayloadCodec extends Codec {
  /** Decodes what stands at the end of a frame, from `start` on, without a view of it. */
  decodeFrom?(frame: Buffer, start: number): unknown
}

/** Finds the codec that wrote a frame by the id in it. */
export type CodecLookup = (id: number) => PayloadCodec | undefined

/** A value as bytes, and the codec that reads them. */
interface EncodedValue {
  readonly codecId: number
  readonly payload: Uint8Array
}

/** How a cache writes its values; told apart by `framed`. */
export type ValueCodec = FramedCodec | RawCodec

/** Writes payloads of frames; reads whatever codec their frame names. */
export interface FramedCodec {
  readonly framed: true
  readonly name: string
  /** @throws CacheError `ERR_CACHE_NOT_ENCODABLE` with the codec's own error as `cause`. */
  encode(value: unknown): EncodedValue
  readonly decoders: CodecLookup
}

const JSON_ID = 1
const STRUCTURED_ID = 2
const FIRST_CUSTOM_ID = 128
const LAST_CUSTOM_ID = 255
const NOTHING = new Uint8Array(0)

/** JSON text; no text at all is `undefined`. */
const jsonCodec: PayloadCodec = {
  name: 'json',
  id: JSON_ID,
  encode(value) {
    return value === undefined ? NOTHING : encodeJson(value)
  },
  decode: bytes => (bytes.length === 0 ? undefined : decodeJson(bytes)),
  decodeFrom: (frame, start) =>
    frame.length === start ? undefined : JSON.parse(frame.toString('utf8', start)),
}

const structuredCodec: Codec = {
  name: 'structured',
  id: STRUCTURED_ID,
  encode: serializeStructured,
  decode: deserializeStructured,
}

/**
 * The codec of a name, or of the application's own.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for another name, or a codec without a name, the methods, or an id from
 * 128 to 255.
 */
export function codecNamed(codec: CodecName | Codec): ValueCodec {
  switch (codec) {
    case 'auto':
      return framed('auto', builtIn, value => (isLossless(value) ? jsonCodec : structuredCodec))
    case 'json':
      return framed('json', builtIn, () => jsonCodec)
    case 'structured':
      return framed('structured', builtIn, () => structuredCodec)
    case 'raw':
    case 'raw-json':
    case 'raw-bytes':
      return RAW_CODECS[codec]
    default: {
      const custom = checked(codec)
      return framed(
        custom.name,
        id => (id === custom.id ? custom : builtIn(id)),
        () => custom,
      )
    }
  }
}

function framed(name: string, decoders: CodecLookup, choose: (value: unknown) => Codec): FramedCodec {
  return {
    framed: true,
    name,
    decoders,
    encode(value) {
      try {
        const codec = choose(value)
        return { codecId: codec.id, payload: codec.encode(value) }
      } catch (cause) {
        throw notEncodable(name, value, cause)
      }
    },
  }
}

function builtIn(id: number): PayloadCodec | undefined {
  if (id === JSON_ID) return jsonCodec
  return id === STRUCTURED_ID ? structuredCodec : undefined
}

function isLossless(value: unknown): boolean {
  return value === undefined || isJsonLossless(value)
}

/** The application's codec, kept from reading memory that isn't its own and from returning what is no bytes. */
function checked(codec: Codec): Codec {
  if (!isCodec(codec)) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `codec must be 'auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes', or { name, id from ${FIRST_CUSTOM_ID} to ${LAST_CUSTOM_ID}, encode, decode }; received ${quote(codec)}`,
    )
  }
  return {
    name: codec.name,
    id: codec.id,
    encode(value) {
      const bytes: unknown = codec.encode(value)
      if (bytes instanceof Uint8Array) return bytes
      throw new TypeError(`codec '${codec.name}' must encode to a Uint8Array; it returned ${quote(bytes)}`)
    },
    decode: bytes => codec.decode(Uint8Array.from(bytes)),
  }
}

function isCodec(value: unknown): value is Codec {
  if (typeof value !== 'object' || value === null) return false
  const { name, id, encode, decode } = value as Partial<Record<keyof Codec, unknown>>
  return (
    typeof name === 'string' &&
    name !== '' &&
    Number.isInteger(id) &&
    (id as number) >= FIRST_CUSTOM_ID &&
    (id as number) <= LAST_CUSTOM_ID &&
    typeof encode === 'function' &&
    typeof decode === 'function'
  )
}
