import type { Entry } from '@lookaside/core'

/**
 * The part of an `LRUCache<string, Entry<unknown>>` that the store uses; lru-cache 7 and later fit.
 *
 * Nothing else is asked of it, so options of its own (`ttl`, `dispose`, …) stay in force.
 */
export interface LruClient {
  /** The number of entries it holds. */
  readonly size: number
  /** Limit of the summed sizes; 0 or absent where it doesn't limit by size. */
  readonly maxSize?: number
  /** Limit of one entry's size; 0 or absent where it doesn't limit by size. */
  readonly maxEntrySize?: number
  get(key: string): Entry<unknown> | undefined
  set(key: string, entry: Entry<unknown>, options?: { size?: number }): unknown
  delete(key: string): boolean
  clear(): void
  keys(): Iterable<string>
}
