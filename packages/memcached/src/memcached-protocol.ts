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

/** One request; what is left out is empty. */
export interface RequestFields {
  readonly opcode: number
  /** Comes back in the reply, to tell whose it is. */
  readonly seq: number
  readonly key?: string
  readonly extras?: Uint8Array
  readonly value?: Uint8Array
  /** Makes a set, delete or counter operation happen only over the item that has this id. */
  readonly cas?: Cas
}

/**
 * Lays requests out behind each other, as they go over the wire.
 *
 * Source: https://github.com/memcached/memcached/wiki/BinaryProtocolRevamped
 */
export function encodeRequests(requests: readonly RequestFields[]): Buffer {
  let size = 0
  for (const { key, extras, value } of requests) {
    size += HEADER_BYTES + (key ? Buffer.byteLength(key) : 0) + (extras?.length ?? 0) + (value?.length ?? 0)
  }
  const buffer = Buffer.allocUnsafe(size)
  let offset = 0
  for (const request of requests) offset = writeRequest(buffer, offset, request)
  return buffer
}

function writeRequest(
  buffer: Buffer,
  start: number,
  { opcode, seq, key, extras, value, cas }: RequestFields,
): number {
  let end = start + HEADER_BYTES
  if (extras) {
    buffer.set(extras, end)
    end += extras.length
  }
  const keyBytes = key ? buffer.write(key, end) : 0
  end += keyBytes
  if (value) {
    buffer.set(value, end)
    end += value.length
  }
  buffer[start] = REQUEST_MAGIC
  buffer[start + 1] = opcode
  buffer.writeUInt16BE(keyBytes, start + 2)
  buffer.writeUInt32BE((extras?.length ?? 0) * 0x1000000, start + 4)
  buffer.writeUInt32BE(end - start - HEADER_BYTES, start + 8)
  buffer.writeUInt32BE(seq, start + 12)
  buffer.writeUInt32BE(cas?.high ?? 0, start + 16)
  buffer.writeUInt32BE(cas?.low ?? 0, start + 20)
  return end
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
