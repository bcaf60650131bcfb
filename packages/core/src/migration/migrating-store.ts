import { CacheError, quote } from '../errors.js'
import { checkWireKey } from '../keys/wire-key.js'
import type { RemoteStore, StoreLimits } from '../tiers/store.js'
import { clearBoth } from './clear-both.js'
import { type MigratingStoreOptions, migratingSettings } from './migrating-options.js'
import { moveOperations } from './move-phase.js'
import { prepareOperations } from './prepare-phase.js'

/**
 * Moves from an old cache to a new one while both are in use, without a cold start.
 *
 * Values that the new store does not have are read from the old one and brought over for the time that they have left,
 * so that a delete meanwhile is not undone. Whatever is written or deleted is deleted from the old store first. Tags,
 * generations and counters are moved too.
 *
 * The old store may be slow, or vanish: what it does not answer in time is a miss. A delete that it does not take is
 * kept in mind in the new store, under keys that begin with `lookaside#gone:`, and sent again until it lands. The new
 * store must be there, from `'prepare'` on: a delete that does not reach it rejects.
 *
 * What does not say how long it lives, which is what the raw codecs store, is served from the old store until it
 * expires there or is written. Counters are exact among processes in one phase.
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options. Its operations throw what the stores
 * throw, `ERR_CACHE_UNAVAILABLE` for the store that is not read first, `ERR_CACHE_CLOSED` after `close()`.
 *
 * @example
 * const store = migratingStore({
 *   to: redisStore('redis://localhost:6379'),
 *   from: memcachedStore('memcached://localhost:11211'),
 *   phase: 'prepare',
 * })
 * const cache = createCache({ store })
 */
export function migratingStore(options: MigratingStoreOptions): RemoteStore {
  const settings = migratingSettings(options)
  const { to, from, phase } = settings
  const name = `migrating(${from.name} → ${to.name})`
  const limits: StoreLimits = {
    maxValueBytes: Math.min(from.limits.maxValueBytes, to.limits.maxValueBytes),
    ttlStep: Math.max(from.limits.ttlStep, to.limits.ttlStep),
  }
  const operations = phase === 'prepare' ? prepareOperations(settings) : moveOperations(settings, phase)
  const { clear, clearsInPart } = clearBoth(settings)
  // Old values carry the generations that the old store's servers have; where it lists its keys they carry none.
  const shards = from.clear === undefined ? from.shards : to.shards
  let closing: Promise<void> | undefined

  function checkOpen(): void {
    if (closing) throw new CacheError('ERR_CACHE_CLOSED', `${name} has been closed; make a new store`)
  }

  function checkKeys(keys: readonly string[]): void {
    checkOpen()
    for (const key of keys) checkWireKey(key)
  }

  /** Before either store has done its part. */
  function checkValue(key: string, bytes: Uint8Array): void {
    checkKeys([key])
    if (bytes.byteLength <= limits.maxValueBytes) return
    throw new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `the value of ${quote(key)} has ${bytes.byteLength} bytes; ${name} takes at most ${limits.maxValueBytes}. Store less, or raise the limit of both stores`,
    )
  }

  async function close(): Promise<void> {
    await operations.close()
    for (const outcome of await Promise.allSettled([to.close(), from.close()])) {
      if (outcome.status === 'rejected') throw outcome.reason
    }
  }

  return {
    kind: 'remote',
    name,
    limits,
    ...(shards && { shards }),

    async get(key) {
      checkKeys([key])
      return operations.get(key)
    },

    async getMany(keys) {
      checkKeys(keys)
      return operations.getMany(keys)
    },

    async set(key, bytes, ttl) {
      checkValue(key, bytes)
      await operations.set(key, bytes, ttl)
    },

    async add(key, bytes, ttl) {
      checkValue(key, bytes)
      return operations.add(key, bytes, ttl)
    },

    async replace(key, bytes, ttl, version) {
      checkValue(key, bytes)
      return operations.replace(key, bytes, ttl, version)
    },

    async delete(key, version) {
      checkKeys([key])
      return operations.delete(key, version)
    },

    async deleteMany(keys) {
      checkKeys(keys)
      await operations.deleteMany(keys)
    },

    async increment(key, by, increment) {
      checkKeys([key])
      return operations.increment(key, by, increment)
    },

    ...(operations.expire && {
      async expire(key: string, randomBits: Uint8Array) {
        checkKeys([key])
        await operations.expire?.(key, randomBits)
      },
    }),

    ...(clear && {
      async clear(prefix: string) {
        checkOpen()
        await clear(prefix)
      },
    }),
    ...(clearsInPart && { clearsInPart }),

    async ping(scope) {
      checkOpen()
      await operations.ping(scope)
    },

    answered: error => to.answered?.(error) === true || from.answered?.(error) === true,

    close() {
      closing ??= close()
      return closing
    },
  }
}
