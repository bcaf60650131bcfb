/**
 * One process of a migration over real servers, which its parent steers by messages.
 *
 * It gets its phase and the URLs of the servers as JSON in its first argument. Each request has an id and the prefix of
 * the cache that it is about, and is answered with `{ id, value }`, or `{ id, error }`. The rows, and what is known of
 * deletes that have returned, are in a Redis that all processes share: `row:PREFIX:KEY` counts the writes of a row,
 * `seen:PREFIX:KEY` is the latest whose delete has returned.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, migratingStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { Redis } from 'ioredis'

const { phase, from, to, database } = JSON.parse(String(process.argv[2]))
const PATIENCE = '5s'

/** @param {string} url */
function open(url) {
  return url.startsWith('redis:')
    ? redisStore({ url, socketTimeout: PATIENCE, connectTimeout: PATIENCE })
    : memcachedStore({ url, timeout: PATIENCE, connectTimeout: PATIENCE })
}

function store() {
  if (phase === 'before') return open(from)
  if (phase === 'after') return open(to)
  return migratingStore({ from: open(from), to: open(to), phase, timeout: '2s' })
}

const rows = new Redis(database)
const shared = store()

/** @param {string} prefix */
function openCache(prefix) {
  return createCache({
    store: shared,
    prefix,
    guard: stampedeGuard(),
    ttl: '1h',
    storeTimeout: PATIENCE,
  })
}

/** @type {Map<string, ReturnType<typeof openCache>>} */
const caches = new Map()

/** @param {string} prefix */
function cacheOf(prefix) {
  const cache = caches.get(prefix) ?? openCache(prefix)
  caches.set(prefix, cache)
  return cache
}

const RAISE = `
local known = tonumber(redis.call('get', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('set', KEYS[1], ARGV[1]) end`

/** @param {string} prefix @param {string} key */
async function write(prefix, key) {
  const version = await rows.incr(`row:${prefix}:${key}`)
  const delivered = await cacheOf(prefix)
    .invalidateAfter(async () => undefined, { keys: [key], tags: [`tag:${key}`] })
    .then(
      () => true,
      () => false,
    )
  if (delivered) await rows.eval(RAISE, 1, `seen:${prefix}:${key}`, version)
}

/** Whether what is read is at least as new as the latest delete that had returned before. @param {string} prefix @param {string} key @param {boolean} tagged */
async function readsFresh(prefix, key, tagged) {
  const seen = Number((await rows.get(`seen:${prefix}:${key}`)) ?? 0)
  const load = async () => Number((await rows.get(`row:${prefix}:${key}`)) ?? 0)
  const value = await cacheOf(prefix).getOrSet(key, load, tagged ? { tags: [`tag:${key}`] } : {})
  return value >= seen
}

/** @type {Record<string, (argument: any) => unknown>} */
const requests = {
  ready: ({ prefix }) => cacheOf(prefix).ready({ timeout: '10s' }),
  /** Reads and now and then writes, as fast as it can, for a while and at least so many reads. */
  async mix({ prefix, keys, ms, atLeast, writes }) {
    let [reads, stale] = [0, 0]
    const end = Date.now() + ms
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (Date.now() < end || reads < atLeast) {
          const key = `k${Math.floor(Math.random() * keys)}`
          if (Math.random() < writes) await write(prefix, key)
          else {
            reads++
            if (!(await readsFresh(prefix, key, false))) stale++
          }
        }
      }),
    )
    return { reads, stale }
  },
  async count({ prefix, key, times }) {
    const counts = []
    for (let time = 0; time < times; time++) {
      counts.push(await cacheOf(prefix).increment(key))
      if (time % 8 === 0) await sleep(1)
    }
    return counts
  },
  getOrSet: ({ prefix, key, value }) => cacheOf(prefix).getOrSet(key, () => value),
  get: ({ prefix, key }) => cacheOf(prefix).get(key),
  set: ({ prefix, key, value }) => cacheOf(prefix).set(key, value),
  delete: ({ prefix, key }) => cacheOf(prefix).delete(key),
  increment: ({ prefix, key, by }) => cacheOf(prefix).increment(key, by),
}

process.on('message', async (/** @type {any} */ message) => {
  const { id, request, argument } = message
  try {
    process.send?.({ id, value: await requests[request]?.(argument) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
