import { stampedeGuard } from '@lookaside/stampede-guard'
import { GRACE, LOOKASIDE_PACKAGES } from './lookaside.js'
import { openAt } from './lookaside-store.js'
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
    // Beside ourselves in one server: neither is to find the other's entries.
    const cache = await openAt(place, ttl, { prefix: 'tagged', guard: stampedeGuard(), grace: GRACE })
    return {
      get: key => cache.getOrSet(key, () => load(key), { tags: ['users'] }),
      close: () => cache.close(),
    }
  },
}
