import { createCache } from '@lookaside/core'
import { GRACE, LOOKASIDE_PACKAGES } from './lookaside.js'
import { STORE_TIMEOUT, storeAt } from './lookaside-store.js'
import type { Subject } from './subject.js'

/** Ourselves without a guard: claim, load, commit, and nobody waits for anybody. */
export const lookasideUnguarded: Subject = {
  name: 'lookaside, no guard',
  packages: LOOKASIDE_PACKAGES,
  less: { redis: 'callers of a missing key all load', memcached: 'callers of a missing key all load' },
  async open(place, load, ttl) {
    const cache = createCache({
      // Beside ourselves in one server: neither is to find the other's entries.
      prefix: 'unguarded',
      store: storeAt(place),
      ttl,
      grace: GRACE,
      storeTimeout: STORE_TIMEOUT,
    })
    await cache.ready()
    return {
      get: key => cache.getOrSet(key, () => load(key)),
      close: () => cache.close(),
    }
  },
}
