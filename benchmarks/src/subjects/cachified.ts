import { type Cache, type CacheEntry, cachified as cachify, totalTtl } from '@epic-web/cachified'
import { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import type { Place, Subject } from './subject.js'

/** cachified over the adapter for lru-cache that its README shows, or one of the same shape for ioredis. */
export const cachified: Subject = {
  name: 'cachified',
  packages: ['@epic-web/cachified'],
  less: { redis: 'an adapter of ours, as the published ones are for node-redis' },
  async open(place, load, ttl) {
    const opened = cacheAt(place)
    if (opened === undefined) return undefined
    const { cache, close } = opened
    return {
      get: key => cachify({ key, cache, ttl, getFreshValue: () => load(key) }),
      close,
    }
  },
}

function cacheAt(place: Place): { cache: Cache; close(): Promise<void> } | undefined {
  if (place.kind === 'local') return { cache: memoryCache(place.maxEntries), close: async () => {} }
  if (place.kind === 'memcached') return undefined
  const redis = new Redis(place.url)
  return { cache: redisCache(redis), close: async () => redis.disconnect() }
}

function memoryCache(max: number): Cache {
  const lru = new LRUCache<string, CacheEntry>({ max })
  return {
    set(key, value) {
      const ttl = totalTtl(value?.metadata)
      return lru.set(key, value, {
        ...(ttl !== Number.POSITIVE_INFINITY && { ttl }),
        start: value?.metadata?.createdTime,
      })
    },
    get: key => lru.get(key),
    delete: key => lru.delete(key),
  }
}

function redisCache(redis: Redis): Cache {
  return {
    async get(key) {
      const text = await redis.get(key)
      return text === null ? undefined : JSON.parse(text)
    },
    set: (key, value) => redis.set(key, JSON.stringify(value), 'PX', totalTtl(value.metadata)),
    delete: key => redis.del(key),
  }
}
