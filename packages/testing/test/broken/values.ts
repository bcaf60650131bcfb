import { CacheError, type RemoteStore, type Stored } from '@lookaside/core'
import { memoryRemoteStore } from '@lookaside/testing'
import { type BrokenStore, broken } from './broken-store.js'

const TOO_LARGE = new CacheError('ERR_CACHE_TOO_LARGE', 'too large')

export const BROKEN_VALUES: readonly BrokenStore[] = [
  broken('declares its kind, a name and its limits', 'it has no name', () => ({ name: '' })),
  broken('declares its kind, a name and its limits', 'it takes no values', () => ({
    limits: { maxValueBytes: 0, ttlStep: 1 },
  })),
  broken('stores and returns all 256 byte values', 'it takes bytes for text', store => ({
    set: (key, bytes, ttl) => store.set(key, Buffer.from(Buffer.from(bytes).toString()), ttl),
  })),
  broken('stores an empty value, which is not an absent one', 'it takes empty for absent', store => ({
    async get(key) {
      const stored = await store.get(key)
      return stored?.bytes.length === 0 ? undefined : stored
    },
  })),
  broken(
    'stores a view of a larger buffer as no more than the view',
    'it stores the whole buffer',
    store => ({
      set: (key, bytes, ttl) => store.set(key, new Uint8Array(bytes.buffer), ttl),
    }),
  ),
  broken('stores the largest value that its limits allow', 'it refuses that one too', store => ({
    async set(key, bytes, ttl) {
      if (bytes.length >= store.limits.maxValueBytes) throw TOO_LARGE
      return store.set(key, bytes, ttl)
    },
  })),
  broken('stores the largest value that its limits allow', 'it cuts values short', store => ({
    set: (key, bytes, ttl) => store.set(key, bytes.subarray(0, 5_000), ttl),
  })),
  broken(
    'refuses a value of one byte more than its limits allow and keeps what was there',
    'it has deleted the old value by then',
    store => ({
      async set(key, bytes, ttl) {
        await store.delete(key)
        return store.set(key, bytes, ttl)
      },
    }),
  ),
  broken(
    'refuses a value of one byte more than its limits allow and keeps what was there',
    'it accepts one',
    store => ({ limits: { ...store.limits, maxValueBytes: store.limits.maxValueBytes - 1 } }),
  ),
  broken(
    'refuses a value of one byte more than its limits allow and keeps what was there',
    'its add takes a too large value for a present one',
    store => ({ add: (key, bytes, ttl) => store.add(key, bytes, ttl).catch(() => undefined) }),
  ),
  broken('returns undefined for a key that is not there', 'it returns null', store => ({
    get: async key => (await store.get(key)) ?? (null as unknown as undefined),
  })),
  broken('overwrites a value by set', 'its set is an add', store => ({
    set: async (key, bytes, ttl) => void (await store.add(key, bytes, ttl)),
  })),
  broken('overwrites a value by set', 'it writes over the start of the old value', store => ({
    async set(key, bytes, ttl) {
      const rest = (await store.get(key))?.bytes.subarray(bytes.length) ?? []
      return store.set(key, Uint8Array.from([...bytes, ...rest]), ttl)
    },
  })),
  {
    rule: 'shows every connection what another one stored',
    because: 'each connection has data of its own',
    open: () => memoryRemoteStore(),
  },
  broken('keeps what it stored when the bytes given to it change later', 'it keeps them', store => {
    const kept = new Map<string, Uint8Array>()
    return {
      set(key, bytes, ttl) {
        kept.set(key, bytes)
        return store.set(key, bytes, ttl)
      },
      async get(key) {
        const stored = await store.get(key)
        return stored && { ...stored, bytes: Uint8Array.from(kept.get(key) ?? stored.bytes) }
      },
    }
  }),
  broken('keeps what it stored when the bytes it returned change later', 'it returns its own', store => {
    const returned = new Map<string, Promise<Stored | undefined>>()
    return { get: key => returned.get(key) ?? remember(returned, key, store.get(key)) }
  }),
  broken(
    'answers each of many operations at once with its own result',
    'gets under way share one answer',
    store => {
      let underWay: ReturnType<RemoteStore['get']> | undefined
      return {
        get(key) {
          underWay ??= store.get(key).finally(() => {
            underWay = undefined
          })
          return underWay
        },
      }
    },
  ),
]

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  map.set(key, value)
  return value
}
