import { stampedeGuard } from '@lookaside/stampede-guard'
import { LOOKASIDE_PACKAGES } from '../../subjects/lookaside.js'
import { openAt } from '../../subjects/lookaside-store.js'
import type { Subject } from '../../subjects/subject.js'

/** Ourselves with `stampedeGuard()` as it comes, and never a value older than its TTL: the peers have no grace either. */
export const graceless: Subject = {
  name: 'lookaside',
  packages: LOOKASIDE_PACKAGES,
  async open(place, load, ttl) {
    const cache = await openAt(place, ttl, { guard: stampedeGuard() })
    return { get: key => cache.getOrSet(key, () => load(key)), close: () => cache.close() }
  },
}
