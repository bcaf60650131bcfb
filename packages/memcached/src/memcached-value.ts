import type { Stored } from '@lookaside/core'
import type { Dialect } from './memcached-dialect.js'
import { uint32 } from './memcached-protocol.js'
import { MemcachedReply } from './memcached-reply.js'
import { MemcachedVersion } from './memcached-version.js'
import type { MemjsReply } from './memjs-client.js'

/** In the upper 24 bits of its flags this marks a value that is exactly what it looks like. */
const VERBATIM = 0x4c_41_53_00
/** What the dialect says goes into the lowest byte beside it. */
const LOWEST_BYTE = 0xff

/** What a get finds. */
export interface MemcachedStored extends Stored {
  readonly version: MemcachedVersion
  readonly foreign?: true
}

const SPACE = 0x20
/** A counter has at most 20 digits, and memcached never makes an item shorter in place. */
const LONGEST_COUNTER = 20

/** Makes a reply to a get into a stored value; `foreign` where its flags say that it is not what it looks like. */
export function readStored(reply: MemjsReply, socket: object, dialect: Dialect): MemcachedStored {
  const flags = flagsOf(reply)
  const bytes = bytesOf(reply, flags)
  const version = new MemcachedVersion(socket, reply)
  const readable = flags === 0 || isVerbatim(flags) || dialect.reads(flags)
  return readable ? { bytes, version } : { bytes, version, foreign: true }
}

/** The bytes of a value, without the spaces that memcached has put behind a counter; a view of the reply. */
export function bytesOf(reply: MemjsReply, flags = flagsOf(reply)): Uint8Array {
  return isVerbatim(flags) ? reply.val : withoutPadding(reply.val)
}

/**
 * The flags to store a value with.
 *
 * Where a decrement leaves fewer digits memcached pads with spaces, which `bytesOf` takes off again. So a value
 * that only looks like that is marked.
 */
export function flagsFor(bytes: Uint8Array, dialect: Dialect): number {
  const flags = dialect.flagsFor(bytes)
  return withoutPadding(bytes) === bytes ? flags : VERBATIM | (flags & LOWEST_BYTE)
}

function flagsOf(reply: MemjsReply): number {
  if (reply instanceof MemcachedReply) return reply.flags
  const { extras } = reply
  return extras.length === 4 ? uint32(extras, 0) : 0
}

function isVerbatim(flags: number): boolean {
  return flags - (flags & LOWEST_BYTE) === VERBATIM
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
