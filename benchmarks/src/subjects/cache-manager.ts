import { createKeyv } from '@keyv/redis'
import { createCache } from 'cache-manager'
import type { Subject } from './subject.js'

/** cache-manager with the memory store it makes when given none, or with Redis. */
export const cacheManager: Subject = {
  name: 'cache-manager',
  packages: ['cache-manager', '@keyv/redis'],
  less: { local: 'no bound, so no LRU order, its default', redis: 'node-redis instead of ioredis' },
  async open(place, load, ttl) {
    if (place.kind === 'memcached') return undefined
    const cache = createCache({ ttl, ...(place.kind === 'redis' && { stores: [createKeyv(place.url)] }) })
    return {
      get: key => cache.wrap(key, () => load(key)),
      close: () => cache.disconnect(),
    }
  },
}
