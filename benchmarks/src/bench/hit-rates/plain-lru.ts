import { LRUCache } from 'lru-cache'
import type { Requests } from '../../workload/trace-formats.js'

/** How many requests a plain lru-cache of that size answers. */
export function lruHits({ ids }: Requests, maxEntries: number): number {
  const lru = new LRUCache<number, true>({ max: maxEntries })
  let hits = 0
  for (const id of ids) {
    if (lru.get(id) === undefined) lru.set(id, true)
    else hits++
  }
  return hits
}
