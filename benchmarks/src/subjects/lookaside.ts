import { stampedeGuard } from '@lookaside/stampede-guard'
import { openAt } from './lookaside-store.js'
import type { Subject } from './subject.js'

/** Its packages. */
export const LOOKASIDE_PACKAGES = [
  '@lookaside/core',
  '@lookaside/lru',
  '@lookaside/memcached',
  '@lookaside/redis',
  '@lookaside/stampede-guard',
]

/** How much longer than its TTL a value may be served. */
export const GRACE = '1h'

/** Ourselves as the README has it: `stampedeGuard()`, grace, a function per call. */
export const lookaside: Subject = {
  name: 'lookaside',
  packages: LOOKASIDE_PACKAGES,
  async open(place, load, ttl) {
    const cache = await openAt(place, ttl, { guard: stampedeGuard(), grace: GRACE })
    return {
      get: key => cache.getOrSet(key, () => load(key)),
      ...(place.kind === 'local' && { peek: (key: string) => cache.peek(key) }),
      close: () => cache.close(),
    }
  },
}
