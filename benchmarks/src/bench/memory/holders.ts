import { type Cache, createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { LRUCache } from 'lru-cache'
import { patientRedisStore, STORE_TIMEOUT } from '../../subjects/lookaside-store.js'
import { keyOf } from '../../workload/keys.js'
import { valueFor } from '../../workload/values.js'

/** Something that holds entries in the memory of this process. */
export interface Holder {
  /** Makes it hold the entries 0 to `entries`; resolves to what keeps them alive. */
  fill(entries: number, redis: string | undefined): Promise<unknown>
}

/** What is looked at, by what its rows are called. */
export const HOLDERS = {
  'lru-cache': {
    async fill(entries) {
      return filledLru(new LRUCache<string, object>({ max: entries }), entries)
    },
  },
  'lru-cache with a ttl': {
    async fill(entries) {
      return filledLru(new LRUCache<string, object>({ max: entries, ttl: 600_000 }), entries)
    },
  },
  'lookaside, getOrSet': {
    fill: entries => filledBy(localCache(entries), entries, load),
  },
  'lookaside, getOrSet, hit since': {
    async fill(entries) {
      const cache = await filledBy(localCache(entries), entries, load)
      return filledBy(cache, entries, load)
    },
  },
  'lookaside, set': {
    fill: entries => filledBy(localCache(entries), entries, set),
  },
  'lookaside, getOrSet, 1 tag': {
    fill: entries => filledBy(localCache(entries), entries, loadTagged),
  },
  'lookaside before Redis, set': {
    fill: (entries, redis) => filledBy(tieredCache(entries, redis), entries, set),
  },
  'lookaside before Redis, set, 1 tag': {
    fill: (entries, redis) => filledBy(tieredCache(entries, redis), entries, setTagged),
  },
} as const satisfies Record<string, Holder>

export type HolderName = keyof typeof HOLDERS

/** Several entries share a tag, as several rows do a table. */
const ENTRIES_OF_A_TAG = 100

/** So many calls are under way at once; a local store hardly makes them wait. */
const AT_ONCE = 100

const SETTINGS = { guard: stampedeGuard(), ttl: '10m', grace: '1m' } as const

function localCache(entries: number): Cache {
  return createCache({ ...SETTINGS, store: lruStore({ maxEntries: entries }) })
}

function tieredCache(entries: number, redis: string | undefined): Cache {
  if (redis === undefined) throw new Error('two tiers need a Redis')
  const store = [lruStore({ maxEntries: entries }), patientRedisStore(redis)] as const
  return createCache({ ...SETTINGS, store, prefix: `heap-${process.pid}`, storeTimeout: STORE_TIMEOUT })
}

function smallValue(key: string): object {
  return valueFor(key, '200 B') as object
}

function filledLru(lru: LRUCache<string, object>, entries: number): LRUCache<string, object> {
  for (let id = 0; id < entries; id++) {
    const key = keyOf(id)
    lru.set(key, smallValue(key))
  }
  return lru
}

async function filledBy(
  cache: Cache,
  entries: number,
  store: (cache: Cache, key: string, id: number) => Promise<unknown>,
): Promise<Cache> {
  await cache.ready({ timeout: STORE_TIMEOUT })
  for (let start = 0; start < entries; start += AT_ONCE) {
    const size = Math.min(AT_ONCE, entries - start)
    await Promise.all(Array.from({ length: size }, (_, at) => store(cache, keyOf(start + at), start + at)))
  }
  return cache
}

function load(cache: Cache, key: string): Promise<unknown> {
  return cache.getOrSet(key, async ({ key: missing }) => smallValue(missing))
}

function loadTagged(cache: Cache, key: string, id: number): Promise<unknown> {
  return cache.getOrSet(key, async ({ key: missing }) => smallValue(missing), { tags: tagsOf(id) })
}

function set(cache: Cache, key: string): Promise<unknown> {
  return cache.set(key, smallValue(key))
}

function setTagged(cache: Cache, key: string, id: number): Promise<unknown> {
  return cache.set(key, smallValue(key), { tags: tagsOf(id) })
}

function tagsOf(id: number): readonly string[] {
  return [`team:${Math.floor(id / ENTRIES_OF_A_TAG)}`]
}
