import type { RemoteStore } from './store.js'

/**
 * A store that forgets at once: every read misses, every write succeeds.
 *
 * It turns caching off and changes nothing else: without a guard each call loads for itself; with one, callers who ask
 * at the same moment may still share a load. Counters count from `initial` each time.
 *
 * @example
 * const cache = createCache({ store: process.env.NO_CACHE ? nullStore() : lruStore() })
 */
export function nullStore(): RemoteStore {
  return {
    kind: 'remote',
    name: 'none',
    storesLoads: false,
    limits: { maxValueBytes: Number.POSITIVE_INFINITY, ttlStep: 1 },
    get: async () => undefined,
    getMany: async keys => keys.map(() => undefined),
    set: async () => {},
    add: async () => ({}),
    replace: async () => ({}),
    delete: async () => false,
    deleteMany: async () => {},
    increment: async (_key, by, { initial }) => {
      const count = initial + by
      return count < 0n ? 0n : count
    },
    clear: async () => {},
    ping: async () => {},
    close: async () => {},
  }
}
