import { createHash } from 'node:crypto'
import { CacheError, quote, type Stored, type Version } from '@lookaside/core'

/** Bytes at the start of a frame that tell it from every other: they hold 64 random bits. */
const HEAD = 16
const MAGIC = [0xff, 0x4c] as const

/**
 * The bytes that a key held, and their own version: a frame is named by its head, anything else by the SHA-1 of the
 * whole value.
 *
 * Most versions are never used, so nothing is copied or hashed before `token` is asked for.
 */
export class RedisVersion implements Stored {
  readonly bytes: Uint8Array
  #token: Buffer | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get version(): this {
    return this
  }

  /** What the scripts compare by: 16 bytes of a frame's head, or 40 hexadecimal digits. */
  get token(): Buffer {
    this.#token ??= tokenOf(this.bytes)
    return this.#token
  }
}

/** The version of bytes that were written: of a frame it keeps only the head, whatever becomes of the rest. */
export function versionWritten(bytes: Uint8Array): RedisVersion {
  return new RedisVersion(isFrame(bytes) ? headOf(bytes) : bytes)
}

/**
 * The token of a version that a store of this package gave.
 *
 * @throws CacheError `ERR_CACHE_STORE` for any other object.
 */
export function tokenOfVersion(version: Version): Buffer {
  if (version instanceof RedisVersion) return version.token
  throw new CacheError(
    'ERR_CACHE_STORE',
    `a version must come from a Redis store; received ${quote(version)}`,
  )
}

function tokenOf(bytes: Uint8Array): Buffer {
  return isFrame(bytes) ? headOf(bytes) : Buffer.from(createHash('sha1').update(bytes).digest('hex'))
}

function isFrame(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD && bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1]
}

function headOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(0, HEAD))
}
