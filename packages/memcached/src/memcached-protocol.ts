/** The operations used here, of memcached's binary protocol. A quiet one (`…Quietly`) answers only if it has something to say. */
export const OPCODE = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  getQuietly: 0x09,
  noop: 0x0a,
  getKeyQuietly: 0x0d,
  deleteQuietly: 0x14,
  listMechanisms: 0x20,
  authenticate: 0x21,
} as const

/** The outcomes that mean something to the store; every other one is an error. */
export const STATUS = {
  ok: 0x00,
  missing: 0x01,
  exists: 0x02,
  tooLarge: 0x03,
  notStored: 0x05,
  nonNumeric: 0x06,
  notAuthenticated: 0x20,
  unknownCommand: 0x81,
} as const

/** The header's length, of requests and replies alike. */
export const HEADER_BYTES = 24

/** What every reply starts with. */
export const REPLY_MAGIC = 0x81

const REQUEST_MAGIC = 0x80
const KEEP_EXPIRY = 0xffffffff

/** memcached's compare-and-set id: 64 bits as two halves, because a bigint costs an allocation per reply. */
export interface Cas {
  readonly high: number
  readonly low: number
}

/** What one request says; what is left out is empty. */
export interface Question {
  readonly opcode: number
  readonly key?: string
  readonly extras?: Uint8Array
  readonly value?: Uint8Array
}

/**
 * Lays a request out as it goes over the wire.
 *
 * `seq` comes back in the reply, to tell whose it is. `cas` makes a set, a delete or a counter operation happen only
 * over the item that has this id.
 *
 * Source: https://github.com/memcached/memcached/wiki/BinaryProtocolRevamped
 */
export function encodeRequest(seq: number, question: Question, cas?: Cas): Buffer {
  const buffer = Buffer.allocUnsafe(sizeOf(question))
  writeRequest(buffer, 0, seq, question, cas)
  return buffer
}

/** Lays out several requests behind each other, whose replies all have the same `seq`. */
export function encodeRequests(seq: number, questions: readonly Question[]): Buffer {
  let size = 0
  for (const question of questions) size += sizeOf(question)
  const buffer = Buffer.allocUnsafe(size)
  let offset = 0
  for (const question of questions) offset = writeRequest(buffer, offset, seq, question)
  return buffer
}

function sizeOf({ key, extras, value }: Question): number {
  return HEADER_BYTES + (key ? Buffer.byteLength(key) : 0) + (extras?.length ?? 0) + (value?.length ?? 0)
}

function writeRequest(
  buffer: Buffer,
  start: number,
  seq: number,
  { opcode, key, extras, value }: Question,
  cas?: Cas,
): number {
  const extrasBytes = extras?.length ?? 0
  const keyStart = start + HEADER_BYTES + extrasBytes
  if (extras) buffer.set(extras, start + HEADER_BYTES)
  const keyBytes = key ? buffer.write(key, keyStart) : 0
  if (value) buffer.set(value, keyStart + keyBytes)
  const end = keyStart + keyBytes + (value?.length ?? 0)
  buffer[start] = REQUEST_MAGIC
  buffer[start + 1] = opcode
  buffer.writeUInt16BE(keyBytes, start + 2)
  buffer.writeUInt32BE(extrasBytes * 0x1000000, start + 4)
  buffer.writeUInt32BE(end - start - HEADER_BYTES, start + 8)
  buffer.writeUInt32BE(seq, start + 12)
  buffer.writeUInt32BE(cas?.high ?? 0, start + 16)
  buffer.writeUInt32BE(cas?.low ?? 0, start + 20)
  return end
}

/** The 32-bit number at a place; cheaper than a `DataView`, and replies needn't be Buffers. */
export function uint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  )
}

/** The extras of a set or an add. */
export function storageExtras(flags: number, exptime: number): Buffer {
  const extras = Buffer.allocUnsafe(8)
  extras.writeUInt32BE(flags, 0)
  extras.writeUInt32BE(exptime, 4)
  return extras
}

/** The extras of an increment or a decrement that leaves the expiry alone and creates nothing. */
export function counterExtras(amount: bigint): Buffer {
  const extras = Buffer.alloc(20)
  extras.writeBigUInt64BE(amount, 0)
  extras.writeUInt32BE(KEEP_EXPIRY, 16)
  return extras
}
