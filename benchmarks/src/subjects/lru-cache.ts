import { LRUCache } from 'lru-cache'
import type { Subject } from './subject.js'

/** lru-cache with its `fetch`: what most caches in memory are made of, ours too. */
export const lruCache: Subject = {
  name: 'lru-cache',
  packages: ['lru-cache'],
  less: {
    local: 'no function per call; its clock stands still until the event loop turns; no counters',
  },
  async open(place, load, ttl) {
    if (place.kind !== 'local') return undefined
    const cache = new LRUCache<string, object>({
      max: place.maxEntries,
      ttl,
      fetchMethod: async key => (await load(key)) as object,
    })
    return {
      get: key => cache.fetch(key),
      peek: key => cache.get(key),
      close: async () => {},
    }
  },
}
