import { Redis } from 'ioredis'
import { createMemoryStorage, defineCachedFunction } from 'ocache'
import type { Place, Subject } from './subject.js'

/** ocache, whose cached function is defined once, with its memory storage or a small one over ioredis. */
export const ocache: Subject = {
  name: 'ocache',
  packages: ['ocache'],
  less: {
    local: 'no function per call',
    redis: 'no function per call; a storage of ours, as it has none for Redis',
  },
  async open(place, load, ttl) {
    const opened = storageAt(place)
    if (opened === undefined) return undefined
    const { storage, close } = opened
    const get = defineCachedFunction(load, { name: 'load', getKey: key => key, maxAge: ttl / 1_000, storage })
    return { get: key => get(key), close }
  },
}

type Storage = ReturnType<typeof createMemoryStorage>

function storageAt(place: Place): { storage: Storage; close(): Promise<void> } | undefined {
  if (place.kind === 'local') {
    return { storage: createMemoryStorage({ maxSize: place.maxEntries }), close: async () => {} }
  }
  if (place.kind === 'memcached') return undefined
  const redis = new Redis(place.url)
  return { storage: redisStorage(redis), close: async () => redis.disconnect() }
}

function redisStorage(redis: Redis): Storage {
  return {
    async get(key) {
      const text = await redis.get(key)
      return text === null ? null : JSON.parse(text)
    },
    async set(key, value, options) {
      if (value === null || value === undefined) await redis.del(key)
      else if (options?.ttl === undefined) await redis.set(key, JSON.stringify(value))
      else await redis.set(key, JSON.stringify(value), 'PX', Math.ceil(options.ttl * 1_000))
    },
  }
}
