import { isOwnKey } from '../keys/key.js'
import type { RemoteStore, Version } from './store.js'

/** Names what was not written. */
const UNWRITTEN: Version = Object.freeze({})

/**
 * A store that is passed by: values are neither read from it nor written to it, and invalidations reach it all the same.
 *
 * It turns caching off in one process of a fleet. The others go on with the store, so what this one deletes, expires,
 * clears or writes must not be served by them: a value that the application would store is deleted instead. Nothing is
 * read, so every call loads. Counters are no copies of anything, and count on.
 *
 * @example
 * const cache = createCache({ store: bypassStore(redisStore('redis://localhost:6379')) })
 */
export function bypassStore(store: RemoteStore): RemoteStore {
  const { clear, answered, shards, clearsInPart } = store

  /** In the place of what the application writes; a tag needs no token where nothing is kept that could have it. */
  async function takeAway(key: string): Promise<Version> {
    if (!isOwnKey(key)) await store.delete(key)
    return UNWRITTEN
  }

  return {
    kind: 'remote',
    name: store.name,
    limits: store.limits,
    storesLoads: false,
    ...(shards !== undefined && { shards }),
    ...(clearsInPart !== undefined && { clearsInPart }),
    get: async () => undefined,
    getMany: async keys => keys.map(() => undefined),
    async set(key, bytes, ttl) {
      // What is not a value is news, such as what a bus is tried with.
      if (isOwnKey(key)) await store.set(key, bytes, ttl)
      else await store.delete(key)
    },
    add: takeAway,
    replace: takeAway,
    delete: key => store.delete(key),
    deleteMany: keys => store.deleteMany(keys),
    increment: (key, by, options) => store.increment(key, by, options),
    async expire(key, randomBits) {
      if (store.expire === undefined) await store.delete(key)
      else await store.expire(key, randomBits)
    },
    ...(clear !== undefined && { clear: (prefix: string) => clear.call(store, prefix) }),
    ...(answered !== undefined && { answered: (error: unknown) => answered.call(store, error) }),
    ping: scope => store.ping(scope),
    close: () => store.close(),
  }
}
