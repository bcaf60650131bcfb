import { Redis } from 'ioredis'
import type { Subject } from './subject.js'

/** Cache-aside by hand: get and parse, on a miss load and set. */
export const rawIoredis: Subject = {
  name: 'ioredis by hand',
  packages: ['ioredis'],
  less: { redis: 'no key prefix, no protection of any kind, no counters; leaves expiry to Redis' },
  async open(place, load, ttl) {
    if (place.kind !== 'redis') return undefined
    const redis = new Redis(place.url)
    return {
      async get(key) {
        const text = await redis.get(key)
        if (text !== null) return JSON.parse(text)
        const value = await load(key)
        await redis.set(key, JSON.stringify(value), 'PX', ttl)
        return value
      },
      close: async () => redis.disconnect(),
    }
  },
}
