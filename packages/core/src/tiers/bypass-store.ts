import { isOwnKey } from '../keys/key.js'
import { markerKindOf } from '../values/frame.js'
import type { RemoteStore, Version } from './store.js'

/** Names what was not written for a load: to store nothing is right. */
const LOADED: Version = Object.freeze({ of: 'load' })

/** Names what the application did not get written: whoever has something older must lose it. */
const WRITTEN: Version = Object.freeze({ of: 'write' })

/**
 * A store that is passed by: values are neither read from it nor written to it, and invalidations reach it all the same.
 *
 * It turns caching off in one process of a fleet. The others go on with the store, so what this one deletes, expires,
 * clears or writes must not be served by them: a value that would be stored is deleted instead. Nothing is read, so every
 * call loads. Counters are no copies of anything, and count on.
 *
 * @example
 * const cache = createCache({ store: bypassStore(redisStore('redis://localhost:6379')) })
 */
export function bypassStore(store: RemoteStore): RemoteStore {
  const { clear, answered, shards, clearsInPart } = store

  /** In the place of a write: the application's takes away what is there; a load's, and what makes tags, does nothing. */
  async function write(key: string, version: Version): Promise<Version> {
    if (version === WRITTEN) await store.delete(key)
    return version
  }

  return {
    kind: 'remote',
    name: store.name,
    limits: store.limits,
    ...(shards !== undefined && { shards }),
    ...(clearsInPart !== undefined && { clearsInPart }),
    get: async () => undefined,
    getMany: async keys => keys.map(() => undefined),
    async set(key, bytes, ttl) {
      // What is not a value is news, such as what a bus is tried with.
      if (isOwnKey(key)) await store.set(key, bytes, ttl)
      else await store.delete(key)
    },
    add: (key, bytes) => write(key, isOwnKey(key) || isOfLoad(bytes) ? LOADED : WRITTEN),
    replace: (key, _bytes, _ttl, version) => write(key, version),
    async delete(key, version) {
      if (version === LOADED) return false
      return store.delete(key)
    },
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

/** A marker that holds the place of what is being loaded. */
function isOfLoad(bytes: Uint8Array): boolean {
  const mark = markerKindOf(bytes)
  return mark === 'load' || mark === 'open'
}
