import type { Stored } from '@lookaside/core'
import { uint32 } from './memcached-protocol.js'
import { MemcachedVersion } from './memcached-version.js'
import type { MemjsReply } from './memjs-client.js'

/** The flags of a value that is exactly what it looks like. Everything else goes out with flags 0, for other languages. */
const VERBATIM = 0x4c_41_53_00

/** What a get finds. */
export interface MemcachedStored extends Stored {
  readonly version: MemcachedVersion
}

const SPACE = 0x20
/** A counter has at most 20 digits, and memcached never makes an item shorter in place. */
const LONGEST_COUNTER = 20

/** Makes a reply to a get into a stored value. */
export function readStored({ header, extras, val }: MemjsReply, socket: object): MemcachedStored {
  const bytes = isVerbatim(extras) ? val : withoutPadding(val)
  return { bytes: ownMemory(bytes), version: new MemcachedVersion(socket, header.cas) }
}

/** The bytes alone: a view would keep everything alive that came off the connection with them. */
function ownMemory(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength * 2 > bytes.buffer.byteLength ? bytes : Uint8Array.prototype.slice.call(bytes)
}

/**
 * The flags to store a value with.
 *
 * Where a decrement leaves fewer digits memcached pads with spaces, which `readStored` takes off again. So a value
 * that only looks like that is marked.
 */
export function flagsFor(bytes: Uint8Array): number {
  return withoutPadding(bytes) === bytes ? 0 : VERBATIM
}

function isVerbatim(extras: Uint8Array): boolean {
  return extras.length === 4 && uint32(extras, 0) === VERBATIM
}

/** The digits of a number that spaces follow; anything else as it is. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  if (bytes.length > LONGEST_COUNTER || bytes[bytes.length - 1] !== SPACE) return bytes
  let digits = 0
  while (isDigit(bytes[digits])) digits++
  const padded = digits > 0 && bytes.subarray(digits).every(byte => byte === SPACE)
  return padded ? bytes.subarray(0, digits) : bytes
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
