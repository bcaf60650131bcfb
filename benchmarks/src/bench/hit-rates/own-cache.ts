import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { keyOf } from '../../workload/keys.js'
import type { Requests } from '../../workload/trace-formats.js'

/** How many requests our cache answers by a fresh value, as it counts them itself: one request after the other. */
export async function ownHits({ ids }: Requests, maxEntries: number): Promise<number> {
  const cache = createCache({ store: lruStore({ maxEntries }), ttl: '1h' })
  try {
    for (const id of ids) {
      const value = await cache.getOrSet(keyOf(id), () => id)
      if (value !== id) throw new Error(`${keyOf(id)} is ${String(value)}`)
    }
    return cache.stats().hits.local
  } finally {
    await cache.close()
  }
}
