import type { RemoteStore, Version } from '@lookaside/core'
import { type BrokenStore, broken, confusing } from './broken-store.js'

const ONE_ADD = 'lets exactly one of many adds win'
const ONE_REPLACE = 'lets exactly one of many replaces by one version win'
const NO_UPDATE_LOST = 'loses no update of those who read and replace in a loop'

export const BROKEN_COMPARE_AND_SET: readonly BrokenStore[] = [
  broken('adds only where nothing is', 'its add is a set', store => ({
    add: (key, bytes, ttl) => written(store, key, bytes, ttl),
  })),
  broken('adds only where nothing is', 'it says that it lost, and wrote', store => ({
    async add(key, bytes, ttl) {
      const version = await store.add(key, bytes, ttl)
      if (version === undefined) await store.set(key, bytes, ttl)
      return version
    },
  })),
  broken('does not add over an empty value', 'it takes empty for absent', store => ({
    async add(key, bytes, ttl) {
      const stored = await store.get(key)
      return stored?.bytes.length ? undefined : written(store, key, bytes, ttl)
    },
  })),
  broken('adds again after a delete', 'a delete leaves a tombstone', store => {
    const tombs = new Set<string>()
    return {
      delete: (key, version) => store.delete(tombs.add(key) && key, version),
      add: async (key, bytes, ttl) => (tombs.has(key) ? undefined : store.add(key, bytes, ttl)),
    }
  }),
  broken('replaces by the version that add returned', 'that is not the one it compares', store => ({
    add: async (key, bytes, ttl) => (await store.add(key, bytes, ttl)) && {},
  })),
  broken('replaces by the version that get returned', 'that is not the one it compares', store => ({
    async get(key) {
      const stored = await store.get(key)
      return stored && { ...stored, version: {} }
    },
  })),
  broken('replaces by the version that replace returned', 'that is not the one it compares', store => ({
    replace: async (...args) => (await store.replace(...args)) && {},
  })),
  broken('replaces by the version of what another connection set', 'it knows its own writes only', store => {
    const own = new Set<string>()
    return {
      set: (key, bytes, ttl) => store.set(own.add(key) && key, bytes, ttl),
      replace: async (key, ...rest) => (own.has(key) ? store.replace(key, ...rest) : undefined),
    }
  }),
  confusing(
    'replaces bytes that are no frame, telling them apart to their end',
    'it compares 16 bytes of them',
    (old, current) => old.subarray(0, 16).equals(current.subarray(0, 16)),
  ),
  confusing(
    'replaces bytes that are no frame, telling them apart to their end',
    'it replaces frames only',
    (old, current) => old[0] === 0xff && old.equals(current),
  ),
  confusing(
    'tells short values apart from those they begin',
    'it compares as far as the old one goes',
    startsWith,
  ),
  confusing(
    'tells short values apart from those they begin',
    'it compares as far as both go',
    (old, current) => startsWith(old, current.subarray(0, old.length)) || startsWith(current, old),
  ),
  broken('refuses an older version and changes nothing', 'its replace is a set', store => ({
    replace: (key, bytes, ttl) => written(store, key, bytes, ttl),
  })),
  broken('refuses an older version and changes nothing', 'it says that it lost, and wrote', store => ({
    async replace(key, bytes, ttl, version) {
      const next = await store.replace(key, bytes, ttl, version)
      if (next === undefined) await store.set(key, bytes, ttl)
      return next
    },
  })),
  broken('refuses an older version and changes nothing', 'it deletes where it lost', store => ({
    async replace(key, bytes, ttl, version) {
      const next = await store.replace(key, bytes, ttl, version)
      if (next === undefined) await store.delete(key)
      return next
    },
  })),
  broken('refuses a version that its own replace has used up', 'any version it has seen will do', forgiving),
  broken(
    'refuses a version after another connection has written',
    'it compares with its own last read',
    store => {
      const seen = new Map<string, Version>()
      return {
        async get(key) {
          const stored = await store.get(key)
          if (stored !== undefined) seen.set(key, stored.version)
          return stored
        },
        replace: async (key, bytes, ttl, version) =>
          seen.get(key) === version ? written(store, key, bytes, ttl) : undefined,
      }
    },
  ),
  broken('never brings a deleted key back by replace', 'it adds where nothing is', store => ({
    replace: async (key, bytes, ttl, version) =>
      (await store.replace(key, bytes, ttl, version)) ?? store.add(key, bytes, ttl),
  })),
  confusing(
    'refuses the version of before a delete when something was set or added since',
    'it compares payloads',
    (old, current) => old.subarray(16).equals(current.subarray(16)),
  ),
  confusing(
    'refuses the version of before a delete when something was set or added since',
    'it compares the start of the head',
    (old, current) => old.subarray(0, 8).equals(current.subarray(0, 8)),
  ),
  broken('refuses the version of one key at another', 'any version it has seen will do', forgiving),
  broken(ONE_ADD, 'its add is a get and a set', store => ({
    add: async (key, bytes, ttl) =>
      (await store.get(key)) === undefined ? written(store, key, bytes, ttl) : undefined,
  })),
  broken(ONE_ADD, 'none wins', store => ({
    add: async (key, bytes, ttl) => void (await store.add(key, bytes, ttl)),
  })),
  ...[ONE_REPLACE, NO_UPDATE_LOST].map(rule =>
    broken(rule, 'its replace is a get and a set', store => ({
      async replace(key, bytes, ttl, version) {
        const stored = await store.get(key)
        return stored?.version === version ? written(store, key, bytes, ttl) : undefined
      },
    })),
  ),
]

/** A set that looks up its version afterwards. */
async function written(
  store: RemoteStore,
  key: string,
  bytes: Uint8Array,
  ttl: number,
): Promise<Version | undefined> {
  await store.set(key, bytes, ttl)
  return (await store.get(key))?.version
}

function forgiving(store: RemoteStore): Partial<RemoteStore> {
  const seen = new WeakSet<Version>()
  return {
    async get(key) {
      const stored = await store.get(key)
      if (stored !== undefined) seen.add(stored.version)
      return stored
    },
    replace: async (key, bytes, ttl, version) =>
      seen.has(version) ? written(store, key, bytes, ttl) : undefined,
  }
}

function startsWith(old: Buffer, current: Buffer): boolean {
  return current.subarray(0, old.length).equals(old)
}
