import { Redis } from 'ioredis'
import { Loader } from 'layered-loader/core'
import { RedisCache } from 'layered-loader/redis'
import type { Subject } from './subject.js'

/** layered-loader, whose loader is given once, with memory or Redis as its only cache. */
export const layeredLoader: Subject = {
  name: 'layered-loader',
  packages: ['layered-loader'],
  less: {
    local: 'no function per call; no counters, no stale values',
    redis: 'no function per call; no counters, no stale values; leaves expiry to Redis',
  },
  async open(place, load, ttl) {
    if (place.kind !== 'local') {
      if (place.kind === 'memcached') return undefined
      const redis = new Redis(place.url)
      const loader = new Loader<unknown>({
        asyncCache: new RedisCache(redis, { json: true, ttlInMsecs: ttl }),
        dataSourceGetOneFn: load,
      })
      return { get: key => loader.get(key), close: async () => redis.disconnect() }
    }
    const loader = new Loader<unknown>({
      inMemoryCache: { ttlInMsecs: ttl, maxItems: place.maxEntries },
      dataSourceGetOneFn: load,
    })
    return {
      get: key => loader.get(key),
      peek: key => loader.getInMemoryOnly(key),
      close: async () => {},
    }
  },
}
