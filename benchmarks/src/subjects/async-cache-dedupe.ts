import { createCache, type StorageInputMemory, type StorageInputRedis } from 'async-cache-dedupe'
import { Redis } from 'ioredis'
import type { Place, Subject } from './subject.js'

/** async-cache-dedupe, whose cached function is defined once. */
export const asyncCacheDedupe: Subject = {
  name: 'async-cache-dedupe',
  packages: ['async-cache-dedupe'],
  less: {
    local: 'no function per call; reads the clock at most once a second',
    redis: 'no function per call; leaves expiry to Redis',
  },
  async open(place, load, ttl) {
    if (place.kind === 'memcached') return undefined
    const { storage, close } = storageAt(place)
    const cache = createCache({ ttl: Math.ceil(ttl / 1_000), storage }).define('load', (key: string) =>
      load(key),
    )
    return {
      get: key => cache.load(key),
      close,
    }
  },
}

interface Storage {
  readonly storage: StorageInputMemory | StorageInputRedis
  close(): Promise<void>
}

function storageAt(place: Place): Storage {
  if (place.kind === 'local') {
    return { storage: { type: 'memory', options: { size: place.maxEntries } }, close: async () => {} }
  }
  const client = new Redis(place.url)
  return { storage: { type: 'redis', options: { client } }, close: async () => client.disconnect() }
}
