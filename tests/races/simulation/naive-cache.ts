import type { Milliseconds, RemoteStore } from '@lookaside/core'
import type { SimulatedCache } from './simulate.js'

/** What applications write by hand: get, and on a miss load and set. It stores what was deleted meanwhile. */
export function naiveCache(store: RemoteStore, ttl: Milliseconds): SimulatedCache {
  const { getOrSet, get, set, ...deletes } = {
    async getOrSet(
      key: string,
      load: (context: never) => unknown,
      options?: { refresh?: boolean | undefined },
    ) {
      const cached = options?.refresh === true ? undefined : await get(key)
      if (cached !== undefined) return cached
      const value = await load(undefined as never)
      await set(key, value)
      return value
    },
    async get(key: string) {
      const stored = await store.get(key)
      return stored === undefined ? undefined : JSON.parse(Buffer.from(stored.bytes).toString())
    },
    async set(key: string, value: unknown) {
      await store.set(key, Buffer.from(JSON.stringify(value)), ttl)
      return true
    },
    async delete(key: string) {
      await store.delete(key)
      return true
    },
    async deleteMany(keys: readonly string[]) {
      await store.deleteMany(keys)
      return true
    },
    async expire(key: string) {
      await store.delete(key)
      return true
    },
  }
  return { getOrSet, get, set, ...deletes } as SimulatedCache
}

/** The cache, with concurrent reads of a key sharing one promise by its key alone. */
export function sharingByKey(cache: SimulatedCache): SimulatedCache {
  const running = new Map<string, Promise<unknown>>()
  const getOrSet = (key: string, load: () => Promise<unknown>, options?: object) => {
    const known = running.get(key)
    if (known !== undefined) return known
    const started = cache.getOrSet(key, load, options).finally(() => running.delete(key))
    running.set(key, started)
    return started
  }
  return {
    getOrSet: getOrSet as SimulatedCache['getOrSet'],
    get: cache.get.bind(cache),
    set: cache.set.bind(cache),
    delete: cache.delete.bind(cache),
    deleteMany: cache.deleteMany.bind(cache),
    expire: cache.expire.bind(cache),
    ...(cache.on && { on: cache.on.bind(cache) }),
  }
}
