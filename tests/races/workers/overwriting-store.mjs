/**
 * The store with its compare-and-set broken: `replace` stores whatever stands there, or nothing.
 *
 * It turns a claim and its commit into what every cache without them does: a load and a plain `set`.
 *
 * @param {import('@lookaside/core').RemoteStore} store
 * @returns {import('@lookaside/core').RemoteStore}
 */
export function overwritingStore(store) {
  const { expire, clear, shards } = store
  return {
    kind: 'remote',
    name: store.name,
    limits: store.limits,
    ...(shards && { shards }),
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    set: (key, bytes, ttl) => store.set(key, bytes, ttl),
    add: (key, bytes, ttl) => store.add(key, bytes, ttl),
    async replace(key, bytes, ttl) {
      await store.set(key, bytes, ttl)
      return {}
    },
    delete: (key, version) => store.delete(key, version),
    deleteMany: keys => store.deleteMany(keys),
    increment: (key, by, options) => store.increment(key, by, options),
    ...(expire && {
      expire: (/** @type {string} */ key, /** @type {Uint8Array} */ bits) => expire(key, bits),
    }),
    ...(clear && { clear: (/** @type {string} */ prefix) => clear(prefix) }),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}
