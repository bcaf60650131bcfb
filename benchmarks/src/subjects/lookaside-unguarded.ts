import { GRACE, LOOKASIDE_PACKAGES } from './lookaside.js'
import { openAt } from './lookaside-store.js'
import type { Subject } from './subject.js'

/** Ourselves without a guard: claim, load, commit, and nobody waits for anybody. */
export const lookasideUnguarded: Subject = {
  name: 'lookaside, no guard',
  packages: LOOKASIDE_PACKAGES,
  less: { redis: 'callers of a missing key all load', memcached: 'callers of a missing key all load' },
  async open(place, load, ttl) {
    // Beside ourselves in one server: neither is to find the other's entries.
    const cache = await openAt(place, ttl, { prefix: 'unguarded', grace: GRACE })
    return {
      get: key => cache.getOrSet(key, () => load(key)),
      close: () => cache.close(),
    }
  },
}
