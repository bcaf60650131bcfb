import { createKeyv } from '@keyv/redis'
import { Cacheable } from 'cacheable'
import type { Subject } from './subject.js'

/** cacheable with its memory store, or with Redis as its only one. */
export const cacheable: Subject = {
  name: 'cacheable',
  packages: ['cacheable', '@keyv/redis'],
  less: {
    local: 'more: a structured clone for each reader, its default; less: no bound, so no LRU order',
    redis: 'node-redis instead of ioredis; Redis as the primary store, as no one here has memory before it',
  },
  async open(place, load, ttl) {
    if (place.kind === 'memcached') return undefined
    const cache = new Cacheable({ ttl, ...(place.kind === 'redis' && { primary: createKeyv(place.url) }) })
    return {
      get: key => cache.getOrSet(key, () => load(key)),
      close: () => cache.disconnect(),
    }
  },
}
