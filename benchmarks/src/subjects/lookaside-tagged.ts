import { createCache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { GRACE, LOOKASIDE_PACKAGES } from './lookaside.js'
import { STORE_TIMEOUT, storeAt } from './lookaside-store.js'
import type { Subject } from './subject.js'

/** Ourselves with a tag that each call names. */
export const lookasideTagged: Subject = {
  name: 'lookaside, tagged',
  packages: LOOKASIDE_PACKAGES,
  less: {
    local: 'more: checks a tag',
    redis: 'more: reads and checks a tag',
    memcached: 'more: reads and checks a tag',
  },
  async open(place, load, ttl) {
    const cache = createCache({
      // Beside ourselves in one memcached: neither is to find the other's entries.
      prefix: 'tagged',
      store: storeAt(place),
      guard: stampedeGuard(),
      ttl,
      grace: GRACE,
      storeTimeout: STORE_TIMEOUT,
    })
    await cache.ready()
    return {
      get: key => cache.getOrSet(key, () => load(key), { tags: ['users'] }),
      close: () => cache.close(),
    }
  },
}
