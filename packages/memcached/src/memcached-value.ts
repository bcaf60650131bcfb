import type { Stored } from '@lookaside/core'
import { MemcachedVersion } from './memcached-version.js'
import type { MemjsReply } from './memjs-client.js'

/** The flags of a value that is exactly what it looks like. Everything else goes out with flags 0, for other languages. */
export const VERBATIM = 0x4c_41_53_00

/** What a get finds. */
export interface MemcachedStored extends Stored {
  readonly version: MemcachedVersion
}

const SPACE = 0x20
/** A counter has at most 20 digits, and memcached never makes an item shorter in place. */
const LONGEST_COUNTER = 20

/**
 * Makes a reply to a get into a stored value, with bytes of its own: a view would keep everything alive that came
 * off the connection with it.
 */
export function readStored({ header, extras, val }: MemjsReply, socket: object): MemcachedStored {
  const length = isVerbatim(extras) ? val.length : lengthWithoutPadding(val)
  return {
    bytes: Uint8Array.prototype.slice.call(val, 0, length),
    version: new MemcachedVersion(socket, header.cas),
  }
}

/**
 * The flags to store a value with.
 *
 * Where a decrement leaves fewer digits memcached pads with spaces, which `readStored` takes off again. So a value
 * that only looks like that is marked.
 */
export function flagsFor(bytes: Uint8Array): number {
  return lengthWithoutPadding(bytes) === bytes.length ? 0 : VERBATIM
}

function isVerbatim(extras: Uint8Array): boolean {
  return extras.length === 4 && new DataView(extras.buffer, extras.byteOffset).getUint32(0) === VERBATIM
}

/** How much of a value is left without the spaces behind a number; all of it where that is not what it is. */
function lengthWithoutPadding(bytes: Uint8Array): number {
  if (bytes.length > LONGEST_COUNTER || bytes[bytes.length - 1] !== SPACE) return bytes.length
  let digits = 0
  while (isDigit(bytes[digits])) digits++
  if (digits === 0) return bytes.length
  for (let index = digits; index < bytes.length; index++) if (bytes[index] !== SPACE) return bytes.length
  return digits
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
