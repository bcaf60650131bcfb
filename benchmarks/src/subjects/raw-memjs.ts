import { Client } from 'memjs'
import type { Subject } from './subject.js'

/** Cache-aside by hand: get and parse, on a miss load and set. */
export const rawMemjs: Subject = {
  name: 'memjs by hand',
  packages: ['memjs'],
  less: { memcached: 'no key prefix, no protection of any kind, no counters; leaves expiry to memcached' },
  async open(place, load, ttl) {
    if (place.kind !== 'memcached') return undefined
    const client = Client.create(new URL(place.url).host)
    return {
      async get(key) {
        const { value: bytes } = await client.get(key)
        if (bytes !== null) return JSON.parse(bytes.toString())
        const value = await load(key)
        await client.set(key, JSON.stringify(value), { expires: Math.ceil(ttl / 1_000) })
        return value
      },
      close: async () => client.close(),
    }
  },
}
