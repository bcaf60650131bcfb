import { CacheError, checkWireKey, type IncrementOptions, type RemoteStore } from '@lookaside/core'
import { asError } from './as-error.js'
import { injectedConnection, openConnection } from './redis-client.js'
import { isAnswer } from './redis-failure.js'
import { keyspaceOf } from './redis-keyspace.js'
import { type RedisStoreOptions, redisSettings } from './redis-options.js'
import { ping } from './redis-ping.js'
import { DELETE_VERSION, EXPIRE, INCREMENT, REPLACE, runScript } from './redis-scripts.js'
import { RedisVersion, tokenOfVersion, versionWritten } from './redis-version.js'

const MAX_COUNTER = 2n ** 63n - 1n
const RANDOM_BYTES = 8

/**
 * Keeps values in Redis 6.0 or later: one server, a primary behind Sentinel, or a Cluster.
 *
 * The connection is opened at once and comes back by itself. Calls made during the first attempt to connect wait
 * for its outcome; later ones fail at once while there is no connection. Only primaries are read. Without arguments it is the Redis at
 * `redis://127.0.0.1:6379/0`; `undefined` as an argument is refused, as it is what an unset variable gives.
 *
 * @throws CacheError `ERR_CACHE_URL`, `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for what it can't be made from.
 *
 * @example
 * const store = redisStore('redis://localhost:6379/2')
 *
 * @example
 * // a Cluster, which the application opens and closes
 * const store = redisStore({ client: new Cluster([{ host: '10.0.0.1', port: 7000 }]) })
 */
export function redisStore(...given: [] | [options: string | URL | RedisStoreOptions]): RemoteStore {
  const settings = redisSettings(...given)
  const { maxValueBytes, connectTimeout } = settings
  const connection =
    settings.client === undefined ? openConnection(settings) : injectedConnection(settings.client)
  const { client, name } = connection
  const keyspace = keyspaceOf(connection)
  let closed = false

  function checkOpen(): void {
    if (closed) throw new CacheError('ERR_CACHE_CLOSED', `${name} has been closed; make a new store`)
  }

  /** What a command has to wait for: nothing at all, once there has been a first attempt to connect. */
  function opening(): Promise<void> | undefined {
    checkOpen()
    const { opening } = connection
    if (opening !== undefined) return opening
    const { down } = connection
    if (down !== undefined) throw down
    return undefined
  }

  function payload(key: string, bytes: Uint8Array): Buffer {
    if (bytes.byteLength > maxValueBytes) {
      throw new CacheError(
        'ERR_CACHE_TOO_LARGE',
        `the value of '${key}' has ${bytes.byteLength} bytes; ${name} takes at most ${maxValueBytes}. Store less, or raise 'maxValueBytes'`,
      )
    }
    // ioredis takes any other Uint8Array for text.
    return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  return {
    kind: 'remote',
    name,
    limits: { maxValueBytes, ttlStep: 1 },

    async get(key) {
      checkWireKey(key)
      const first = opening()
      if (first !== undefined) await first
      const bytes = await client.getBuffer(key)
      return bytes === null ? undefined : new RedisVersion(bytes)
    },

    async getMany(keys) {
      for (const key of keys) checkWireKey(key)
      checkOpen()
      if (keys.length === 0) return []
      try {
        await opening()
        const slots = await keyspace.read(keys)
        return slots.map(found)
      } catch (error) {
        return keys.map(() => asError(error))
      }
    },

    async set(key, bytes, ttl) {
      checkWireKey(key)
      const value = payload(key, bytes)
      await opening()
      await client.set(key, value, 'PX', Math.ceil(ttl))
    },

    async add(key, bytes, ttl) {
      checkWireKey(key)
      const value = payload(key, bytes)
      await opening()
      const answer = await client.set(key, value, 'PX', Math.ceil(ttl), 'NX')
      return answer === null ? undefined : versionWritten(bytes)
    },

    async replace(key, bytes, ttl, version) {
      checkWireKey(key)
      const value = payload(key, bytes)
      const token = tokenOfVersion(version)
      await opening()
      const replaced = await runScript(client, REPLACE, key, token, value, Math.ceil(ttl))
      return Number(replaced) === 1 ? versionWritten(bytes) : undefined
    },

    async delete(key, version) {
      checkWireKey(key)
      const token = version === undefined ? undefined : tokenOfVersion(version)
      await opening()
      const deleted =
        token === undefined ? await client.unlink([key]) : await runScript(client, DELETE_VERSION, key, token)
      return Number(deleted) === 1
    },

    async deleteMany(keys) {
      for (const key of keys) checkWireKey(key)
      await opening()
      if (keys.length > 0) await keyspace.unlink(keys)
    },

    async increment(key, by, { initial, ttl }: IncrementOptions) {
      checkWireKey(key)
      if (initial < 0n || initial > MAX_COUNTER) {
        throw new CacheError('ERR_CACHE_OPTION', `'initial' must be from 0 to 2^63 - 1; received ${initial}`)
      }
      if (by > MAX_COUNTER) throw counterError(key, by, 'overflow')
      const created = initial + by
      // No counter is above 2^63 - 1, so taking that away is as good as taking more, and INCRBY knows no more.
      const step = by < -MAX_COUNTER ? -MAX_COUNTER : by
      const first = created > MAX_COUNTER ? '' : String(created < 0n ? 0n : created)
      await opening()
      const sum = String(await runScript(client, INCREMENT, key, String(step), first, Math.ceil(ttl)))
      if (sum === 'overflow' || sum === 'invalid') throw counterError(key, by, sum)
      return BigInt(sum)
    },

    async expire(key, randomBits) {
      checkWireKey(key)
      if (randomBits.byteLength !== RANDOM_BYTES) {
        throw new CacheError(
          'ERR_CACHE_OPTION',
          `expire needs ${RANDOM_BYTES} random bytes; received ${randomBits.byteLength}`,
        )
      }
      await opening()
      await runScript(client, EXPIRE, key, payload(key, randomBits))
    },

    async clear(prefix) {
      checkWireKey(prefix, 'the prefix to clear')
      await opening()
      await keyspace.clear(prefix)
    },

    async ping() {
      checkOpen()
      await ping(connection, connectTimeout)
    },

    answered: isAnswer,

    async close() {
      if (closed) return
      closed = true
      connection.close()
    },
  }
}

/** What a multi-get has at a key. */
function found(slot: Buffer | Error | null): RedisVersion | Error | undefined {
  if (slot === null) return undefined
  return slot instanceof Error ? slot : new RedisVersion(slot)
}

function counterError(key: string, by: bigint, reason: 'overflow' | 'invalid'): CacheError {
  return new CacheError(
    'ERR_CACHE_COUNTER',
    reason === 'overflow'
      ? `adding ${by} to the counter '${key}' would pass 2^63 - 1; it is unchanged`
      : `'${key}' holds something other than an integer from 0 to 2^63 - 1, so it can't be incremented; delete it, or use another key`,
  )
}
