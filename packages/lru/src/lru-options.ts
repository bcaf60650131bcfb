import { CacheError, checkOptions, quote } from '@lookaside/core'
import type { LruClient } from './lru-client.js'

/** Limits of the `LRUCache` that `lruStore` makes. */
export interface LruLimits {
  /**
   * How many entries are kept; one more drops the one that was used longest ago.
   *
   * An integer from 1 to 16777216 (2^24, the most that a JavaScript `Map` holds).
   *
   * @default 10000
   */
  readonly maxEntries?: number
  /**
   * The most that the sizes of all entries may add up to, in the unit of `sizeOf`, which it needs; `maxEntries`
   * holds as well. A single entry larger than this is not kept.
   *
   * An integer from 1 to 2^53 - 1.
   *
   * @default none
   */
  readonly maxSize?: number
  /**
   * Measures a value in a unit of your choice: bytes, characters, rows. Called once when a value is stored.
   *
   * To return a number of at least 0; a fraction counts as the next whole number, and 0 as 1.
   *
   * @default none
   */
  readonly sizeOf?: (value: unknown, key: string) => number
}

/** An `LRUCache` that the application made: its limits are its own. */
export interface LruInjection {
  /** An `LRUCache<string, Entry<unknown>>` of lru-cache; to be used by nobody else. */
  readonly client: LruClient
}

/** What `lruStore` takes: limits, or a client that has its own. */
export type LruStoreOptions =
  | (LruLimits & { readonly client?: never })
  | (LruInjection & { readonly [Name in keyof LruLimits]?: never })

export const DEFAULT_MAX_ENTRIES = 10_000

const MAX_ENTRIES = 2 ** 24
const METHODS = ['get', 'set', 'delete', 'clear', 'keys'] as const

/** Throws `ERR_CACHE_OPTION` unless `options` are as their type says. */
export function checkLruOptions(options: LruStoreOptions): void {
  checkOptions('lruStore', options, ['maxEntries', 'maxSize', 'sizeOf', 'client'])
  const { maxEntries, maxSize, sizeOf, client } = options
  if (client !== undefined) {
    checkClient(client)
    const limit = (['maxEntries', 'maxSize', 'sizeOf'] as const).find(name => options[name] !== undefined)
    if (limit !== undefined) {
      fail(`'client' brings its own limits, so '${limit}' can't be given with it; set it on the LRUCache`)
    }
    return
  }
  checkInteger('maxEntries', maxEntries, MAX_ENTRIES)
  checkInteger('maxSize', maxSize, Number.MAX_SAFE_INTEGER)
  if (sizeOf !== undefined && typeof sizeOf !== 'function') {
    fail(`'sizeOf' must be a function from a value and its key to a number; received ${quote(sizeOf)}`)
  }
  if (maxSize !== undefined && sizeOf === undefined) {
    fail(
      "'maxSize' needs 'sizeOf' to measure values by, such as sizeOf: value => JSON.stringify(value).length",
    )
  }
  if (maxSize === undefined && sizeOf !== undefined) {
    fail("'sizeOf' has no effect without 'maxSize', the most that sizes may add up to; give both or neither")
  }
}

function checkInteger(name: string, value: unknown, max: number): void {
  if (value === undefined) return
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return
  fail(`'${name}' must be an integer from 1 to ${max}; received ${quote(value)}`)
}

function checkClient(client: unknown): void {
  const candidate = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>
  if (METHODS.every(method => typeof candidate[method] === 'function')) return
  fail(`'client' must be an LRUCache of lru-cache; received ${quote(client)}`)
}

function fail(message: string): never {
  throw new CacheError('ERR_CACHE_OPTION', `lruStore: ${message}`)
}
