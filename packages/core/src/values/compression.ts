import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { CacheError, quote } from '../errors.js'
import { checkOptions } from '../options/options.js'

/** When payloads are compressed before they are stored. */
export interface CompressionOptions {
  /**
   * Size in bytes from which a payload is compressed, and kept so if that makes it smaller; an integer >= 0.
   * Below about a kilobyte compression costs more time than it saves; `compression: true` stands for 1024.
   */
  readonly threshold: number
}

/** What a compressed payload may become at most, unless told otherwise: 64 MiB. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

const DEFAULT_COMPRESSION: CompressionOptions = { threshold: 1024 }

/**
 * The `compression` option, checked; `undefined` where it is off.
 *
 * @throws CacheError `ERR_CACHE_OPTION`
 */
export function parseCompression(option: boolean | CompressionOptions): CompressionOptions | undefined {
  if (option === true) return DEFAULT_COMPRESSION
  if (option === false) return undefined
  checkOptions('compression', option, ['threshold'], ', or is true or false')
  const threshold = option?.threshold
  if (Number.isInteger(threshold) && threshold >= 0) return { threshold }
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `compression must be true, false or { threshold: bytes, an integer >= 0 }; received ${quote(option)}`,
  )
}

/**
 * Compresses a payload of at least `threshold` bytes; `undefined` where it is shorter, wouldn't shrink, or is longer
 * than `DEFAULT_MAX_DECOMPRESSED_BYTES`: nobody would read it back.
 *
 * Raw deflate at its fastest level: a cache is written and read within requests, every release of Node.js can
 * read it, and higher levels gain little on JSON for several times the time. It runs synchronously: for payloads
 * of cacheable size the hand-over to a worker thread costs more than the work.
 */
export function compress(payload: Uint8Array, { threshold }: CompressionOptions): Uint8Array | undefined {
  if (payload.length < threshold || payload.length > DEFAULT_MAX_DECOMPRESSED_BYTES) return undefined
  const compressed = deflateRawSync(payload, { level: constants.Z_BEST_SPEED })
  return compressed.length < payload.length ? compressed : undefined
}

/** Undoes `compress`; `undefined` for bytes that it can't have made, and where more than `maxBytes` come out. */
export function decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: maxBytes })
  } catch {
    return undefined
  }
}
