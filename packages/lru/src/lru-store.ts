import { CacheError, type Entry, type LocalStore, quote } from '@lookaside/core'
import { LRUCache } from 'lru-cache'
import type { LruClient } from './lru-client.js'
import { checkLruOptions, DEFAULT_MAX_ENTRIES, type LruStoreOptions } from './lru-options.js'

/**
 * Keeps entries in this process, and drops those that were used longest ago when there are too many.
 *
 * Values are kept by reference: what a reader changes, the next reader sees. Time plays no part here, the cache
 * tells which entries are still good; so `size` counts dead entries too.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for an option that is unknown, out of its range, or at odds with another.
 *
 * @example
 * const cache = createCache({ store: lruStore({ maxEntries: 1_000 }) })
 *
 * @example
 * // at most about 50 million characters of text
 * lruStore({ maxSize: 50_000_000, sizeOf: value => String(value).length })
 */
export function lruStore(options: LruStoreOptions = {}): LocalStore {
  checkLruOptions(options)
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxSize, sizeOf, client } = options
  if (client !== undefined) return storeOn(client, isWeighted(client) ? injectedSize : undefined)
  if (maxSize === undefined || sizeOf === undefined) {
    return storeOn(new LRUCache<string, Entry<unknown>>({ max: maxEntries }), undefined)
  }
  const lru = new LRUCache<string, Entry<unknown>>({ max: maxEntries, maxSize })
  return storeOn(lru, (key, entry, given) => wholeSize(given ?? sizeOf(entry.value, key), key, maxSize))
}

/** The size to store an entry with; `undefined` leaves it to the client. */
type Sizing = (key: string, entry: Entry<unknown>, given: number | undefined) => number | undefined

function storeOn(lru: LruClient, sizing: Sizing | undefined): LocalStore {
  return {
    kind: 'local',
    name: 'lru',
    get size() {
      return lru.size
    },
    get: key => lru.get(key),
    set(key, entry, given) {
      // lru-cache refuses any size unless it limits by size.
      const size = sizing?.(key, entry, given)
      if (size === undefined) lru.set(key, entry)
      else lru.set(key, entry, { size })
    },
    delete: key => lru.delete(key),
    clear(prefix) {
      if (prefix === undefined || prefix === '') {
        lru.clear()
        return
      }
      // Collected first: its iterator follows links that a delete rewrites.
      for (const key of [...lru.keys()]) {
        if (key.startsWith(prefix)) lru.delete(key)
      }
    },
  }
}

function isWeighted({ maxSize = 0, maxEntrySize = 0 }: LruClient): boolean {
  return maxSize > 0 || maxEntrySize > 0
}

function injectedSize(key: string, _entry: Entry<unknown>, given: number | undefined): number | undefined {
  return given === undefined ? undefined : wholeSize(given, key, Number.MAX_SAFE_INTEGER)
}

/** lru-cache takes whole sizes from 1; one beyond `max` makes it drop the key, the old entry with it. */
function wholeSize(size: unknown, key: string, max: number): number {
  if (typeof size === 'number' && size >= 0) return Math.max(1, Math.ceil(Math.min(size, max + 1)))
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `lruStore: the size of an entry must be a number of at least 0; received ${quote(size)} for '${key}'. Make 'sizeOf' return one for every value`,
  )
}
