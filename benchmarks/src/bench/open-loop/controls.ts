import { LRUCache } from 'lru-cache'
import type { Subject } from '../../subjects/subject.js'

/** Answers at once: what its requests take, the load generator takes. */
export const nothing: Subject = {
  name: 'nothing (the generator alone)',
  packages: [],
  async open() {
    return { get: async () => undefined, close: async () => {} }
  },
}

/** Get, else load and set: whoever finds nothing loads. */
export const uncoalesced: Subject = {
  name: 'lru-cache, get and set',
  packages: ['lru-cache'],
  async open(place, load, ttl) {
    if (place.kind !== 'local') return undefined
    const lru = new LRUCache<string, object>({ max: place.maxEntries, ttl })
    return {
      async get(key) {
        const cached = lru.get(key)
        if (cached !== undefined) return cached
        const value = (await load(key)) as object
        lru.set(key, value)
        return value
      },
      close: async () => {},
    }
  },
}
