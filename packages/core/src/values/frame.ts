/**
 * The bytes of a value or marker in a remote store, format 1. All numbers are little-endian.
 *
 * | Bytes | Both | |
 * |---|---|---|
 * | 0–1 | magic `ff 4c` | |
 * | 2 | format, 1 | |
 * | 3 | state: 0 value, 1 expired value; markers of 2 a load, 3 open, 4 a write | |
 * | 4 | id of the value's codec | |
 * | 5 | flags: 1 compressed, 2 unchecked, 4 tags follow | |
 * | 6–7 | 0 | |
 * | 8–15 | random bits, new with every write | |
 * | 16–19 | CRC-32 of bytes 20 to the end, continued from bytes 4–7 read as a number | |
 * | 20–27 | hash of the key | |
 *
 * | Bytes | Value | | Bytes | Marker |
 * |---|---|---|---|---|
 * | 28–51 | createdAt, staleAt, deleteAt: float64 | | 28–35 | the holder's id |
 * | 52–55 | load time in ms | | | |
 * | 56–59 | schema version | | | |
 * | 60–61 | length of the tags, then the tags (see `frame-tags.ts`), then the payload | | | |
 *
 * `expire` rewrites the state and the random bits in place, in Redis itself: the checksum leaves them out. What a
 * reader doesn't know (a format, state, flag or reserved byte) makes a frame unreadable, a miss, so that a later
 * release can add what must not be overlooked.
 */

import { crc32 } from 'node:zlib'
import type { EpochMs, Milliseconds } from '../duration.js'
import { type KeyHash, keyHash, matchesKeyHash, writeKeyHash } from '../keys/key-hash.js'
import { randomBits } from '../random-bits.js'
import type { Tagged } from '../tags/token.js'
import type { CodecLookup } from './codec.js'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, decompress } from './compression.js'
import type { Entry, EntryMeta } from './entry.js'
import { decodeTags, encodeTags } from './frame-tags.js'

/** The payload is compressed. */
export const FLAG_COMPRESSED = 1

/** The schema's output doesn't pass the schema again, so that a reader doesn't check it. */
export const FLAG_UNCHECKED = 2

/** Tags stand between the header and the payload. */
export const FLAG_TAGS = 4

/** What a value's frame adds to its payload, in bytes, without tags. */
export const FRAME_OVERHEAD = 62

/** What `encodeFrame` is given. */
export interface FrameInit {
  readonly meta: EntryMeta
  readonly expired: boolean
  readonly codecId: number
  /** The sum of `FLAG_COMPRESSED` and `FLAG_UNCHECKED`, as they apply. */
  readonly flags: number
  /** @default none */
  readonly tagged?: readonly Tagged[]
  readonly payload: Uint8Array
  /** The frame's 64 random bits, as 8 bytes; drawn where absent. */
  readonly bits?: Uint8Array
}

/** The header of a value; `staleAt` is as it was written, whether or not the value was `expired` since. */
export interface FrameHead extends EntryMeta {
  readonly kind: 'value'
  /** The frame's random bits in hexadecimal: they name this very write. */
  readonly bits: string
  readonly expired: boolean
  readonly codecId: number
  readonly flags: number
  /** Where the payload begins. */
  readonly payloadOffset: number
  /** This with the value that its payload has been decoded to, as an entry; it can be one only once. */
  withValue(value: unknown): Entry<unknown>
}

/** What a marker holds its key for: a `load`, a `write` of the application's; beside an `open` one anybody may load. */
export type MarkerKind = 'load' | 'open' | 'write'

/** The header of a marker. */
export interface MarkerHead {
  readonly kind: 'marker'
  /** The holder's id: 16 hexadecimal digits. */
  readonly holder: string
  /** What it holds the key for. */
  readonly mark: MarkerKind
}

/** Bytes that are no frame of this key: another program's, another format's, another key's, or damaged. */
export interface UnreadableHead {
  readonly kind: 'unreadable'
  readonly reason: 'foreign' | 'format' | 'key' | 'corrupt'
}

/** What `decodePayload` found; `codec` says that this process has no codec of the frame's id. */
export type DecodedPayload =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'corrupt' | 'codec' }

const MAGIC_0 = 0xff
const MAGIC_1 = 0x4c
const FORMAT = 1
const VALUE = 0
const EXPIRED = 1
const FIRST_MARKER = 2
const MARKERS: readonly MarkerKind[] = ['load', 'open', 'write']
const KNOWN_FLAGS = FLAG_COMPRESSED | FLAG_UNCHECKED | FLAG_TAGS

const STATE_AT = 3
const CODEC_AT = 4
const FLAGS_AT = 5
const RESERVED_AT = 6
const BITS_AT = 8
const CRC_AT = 16
const HASH_AT = 20
const HOLDER_AT = 28
const MARKER_END = 36
const CREATED_AT = 28
const STALE_AT = 36
const DELETE_AT = 44
const LOAD_TIME_AT = 52
const SCHEMA_VERSION_AT = 56
const TAGS_LENGTH_AT = 60

const NO_TAGGED: readonly Tagged[] = Object.freeze([])

const MAX_UINT32 = 0xffffffff

const FOREIGN: UnreadableHead = Object.freeze({ kind: 'unreadable', reason: 'foreign' })
const OTHER_FORMAT: UnreadableHead = Object.freeze({ kind: 'unreadable', reason: 'format' })
const OTHER_KEY: UnreadableHead = Object.freeze({ kind: 'unreadable', reason: 'key' })
const DAMAGED: UnreadableHead = Object.freeze({ kind: 'unreadable', reason: 'corrupt' })
const CORRUPT: DecodedPayload = Object.freeze({ ok: false, reason: 'corrupt' })
const UNKNOWN_CODEC: DecodedPayload = Object.freeze({ ok: false, reason: 'codec' })

/** The bytes of a value. `key` is hashed into them; a reader must give the same. A load time is rounded to 1 ms. */
export function encodeFrame(
  key: string,
  { meta, expired, codecId, flags, tagged = NO_TAGGED, payload, bits }: FrameInit,
): Buffer {
  const tags = encodeTags(tagged)
  const payloadAt = FRAME_OVERHEAD + tags.length
  const frame = Buffer.allocUnsafe(payloadAt + payload.length)
  const allFlags = tags.length === 0 ? flags : flags | FLAG_TAGS
  writeHead(frame, expired ? EXPIRED : VALUE, codecId, allFlags, bits ?? randomBits())
  writeKeyHash(frame, HASH_AT, keyHash(key))
  frame.writeDoubleLE(meta.createdAt, CREATED_AT)
  frame.writeDoubleLE(meta.staleAt, STALE_AT)
  frame.writeDoubleLE(meta.deleteAt, DELETE_AT)
  frame.writeUInt32LE(Math.min(Math.max(0, Math.round(meta.loadTime)), MAX_UINT32), LOAD_TIME_AT)
  frame.writeUInt32LE(meta.schemaVersion, SCHEMA_VERSION_AT)
  frame.writeUInt16LE(tags.length, TAGS_LENGTH_AT)
  frame.set(tags, FRAME_OVERHEAD)
  frame.set(payload, payloadAt)
  return sealed(frame)
}

/** The bytes of a marker; `holder` is 16 hexadecimal digits. */
export function encodeMarker(key: string, holder: string, mark: MarkerKind): Buffer {
  const frame = Buffer.alloc(MARKER_END)
  writeHead(frame, FIRST_MARKER + MARKERS.indexOf(mark), 0, 0, randomBits())
  writeKeyHash(frame, HASH_AT, keyHash(key))
  frame.write(holder, HOLDER_AT, 'hex')
  return sealed(frame)
}

/**
 * Reads the header of what a store holds under `key`, whatever it is; never throws. `hash` is that of `key`, for
 * whoever has it.
 *
 * The checksum of a value is left to `decodePayload`: a value that is not going to be used needs none. The result
 * keeps `bytes` in memory, so copy from it what is to stay.
 */
export function decodeHead(
  key: string,
  bytes: Uint8Array,
  hash: KeyHash = keyHash(key),
): FrameHead | MarkerHead | UnreadableHead {
  const frame = asBuffer(bytes)
  if (frame.length < 2 || frame[0] !== MAGIC_0 || frame[1] !== MAGIC_1) return FOREIGN
  if (frame.length < HOLDER_AT) return DAMAGED
  if (frame[2] !== FORMAT || frame.readUInt16LE(RESERVED_AT) !== 0) return OTHER_FORMAT
  const state = frame[STATE_AT] as number
  const flags = frame[FLAGS_AT] as number
  if (state >= FIRST_MARKER + MARKERS.length || (flags & ~KNOWN_FLAGS) !== 0) return OTHER_FORMAT
  if (!matchesKeyHash(frame, HASH_AT, hash)) return OTHER_KEY
  const mark = MARKERS[state - FIRST_MARKER]
  if (mark !== undefined) {
    if (frame.length !== MARKER_END || !intact(frame)) return DAMAGED
    const holder = frame.toString('hex', HOLDER_AT, MARKER_END)
    return { kind: 'marker', holder, mark }
  }
  if (frame.length < FRAME_OVERHEAD) return DAMAGED
  const head = new ValueHead(frame, state === EXPIRED, flags)
  const finite =
    Number.isFinite(head.createdAt) && Number.isFinite(head.staleAt) && Number.isFinite(head.deleteAt)
  return finite && head.payloadOffset <= frame.length ? head : DAMAGED
}

/**
 * Decodes the value of the frame that `head` was read from; never throws.
 *
 * `maxBytes` bounds what a compressed payload may become; anything larger is corrupt. It defaults to 64 MiB.
 */
export function decodePayload(
  head: FrameHead,
  bytes: Uint8Array,
  codecs: CodecLookup,
  maxBytes: number = DEFAULT_MAX_DECOMPRESSED_BYTES,
): DecodedPayload {
  const frame = asBuffer(bytes)
  if (!intact(frame)) return CORRUPT
  const codec = codecs(head.codecId)
  if (codec === undefined) return UNKNOWN_CODEC
  const { payloadOffset } = head
  const compressed = (head.flags & FLAG_COMPRESSED) !== 0
  try {
    if (!compressed && codec.decodeFrom !== undefined) {
      return { ok: true, value: codec.decodeFrom(frame, payloadOffset) }
    }
    const stored = frame.subarray(payloadOffset)
    const payload = compressed ? decompress(stored, maxBytes) : stored
    return payload === undefined ? CORRUPT : { ok: true, value: codec.decode(payload) }
  } catch {
    return CORRUPT
  }
}

/**
 * The tags of the frame that `head` was read from; `undefined` where they are none.
 *
 * Damaged ones fit no token, and their checksum is that of the payload, without which no value is served.
 */
export function decodeFrameTags(head: FrameHead, bytes: Uint8Array): readonly Tagged[] | undefined {
  if ((head.flags & FLAG_TAGS) === 0) return NO_TAGGED
  return decodeTags(asBuffer(bytes).subarray(FRAME_OVERHEAD, head.payloadOffset))
}

/** Where the tags of a value's frame end that begin at `FRAME_OVERHEAD`. */
export function endOfTags({ flags, payloadOffset }: FrameHead): number {
  return (flags & FLAG_TAGS) === 0 ? FRAME_OVERHEAD : payloadOffset
}

/** A copy of a value's frame in the expired state, under new random bits. */
export function asExpired(bytes: Uint8Array): Buffer {
  const frame = Buffer.from(bytes)
  frame[STATE_AT] = EXPIRED
  frame.set(randomBits(), BITS_AT)
  return frame
}

class ValueHead implements FrameHead {
  readonly kind = 'value'
  readonly expired: boolean
  readonly codecId: number
  readonly flags: number
  readonly createdAt: EpochMs
  readonly loadTime: Milliseconds
  readonly staleAt: EpochMs
  readonly deleteAt: EpochMs
  readonly schemaVersion: number
  readonly payloadOffset: number
  /** Set once: a hit needs no second object with the same instants. */
  value: unknown = undefined
  readonly #frame: Buffer

  constructor(frame: Buffer, expired: boolean, flags: number) {
    this.expired = expired
    this.codecId = frame[CODEC_AT] as number
    this.flags = flags
    this.createdAt = frame.readDoubleLE(CREATED_AT)
    this.loadTime = frame.readUInt32LE(LOAD_TIME_AT)
    this.staleAt = frame.readDoubleLE(STALE_AT)
    this.deleteAt = frame.readDoubleLE(DELETE_AT)
    this.schemaVersion = frame.readUInt32LE(SCHEMA_VERSION_AT)
    this.payloadOffset = FRAME_OVERHEAD + frame.readUInt16LE(TAGS_LENGTH_AT)
    this.#frame = frame
  }

  withValue(value: unknown): Entry<unknown> {
    this.value = value
    return this
  }

  // Only a miss or a refresh asks for these, so a hit doesn't pay for the string.
  get bits(): string {
    return this.#frame.toString('hex', BITS_AT, CRC_AT)
  }
}

function writeHead(frame: Buffer, state: number, codecId: number, flags: number, bits: Uint8Array): void {
  frame[0] = MAGIC_0
  frame[1] = MAGIC_1
  frame[2] = FORMAT
  frame[STATE_AT] = state
  frame[CODEC_AT] = codecId
  frame[FLAGS_AT] = flags
  frame.writeUInt16LE(0, RESERVED_AT)
  frame.set(bits, BITS_AT)
}

function sealed(frame: Buffer): Buffer {
  frame.writeUInt32LE(checksum(frame), CRC_AT)
  return frame
}

function intact(frame: Buffer): boolean {
  return frame.length >= HASH_AT && frame.readUInt32LE(CRC_AT) === checksum(frame)
}

function checksum(frame: Buffer): number {
  // A plain view is made in half the time that a Buffer takes.
  const rest = new Uint8Array(frame.buffer, frame.byteOffset + HASH_AT, frame.length - HASH_AT)
  return crc32(rest, frame.readUInt32LE(CODEC_AT))
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The random bits of a value's frame, as `FrameHead` has them; `undefined` for bytes without a frame. */
export function bitsOf(bytes: Uint8Array): string | undefined {
  return bytes[0] === MAGIC_0 && bytes[1] === MAGIC_1
    ? asBuffer(bytes).toString('hex', BITS_AT, CRC_AT)
    : undefined
}
