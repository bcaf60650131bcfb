/**
 * One process of a fleet: a cache of two tiers on a bus, which its parent steers by messages.
 *
 * It gets where everything is and how it is to behave as JSON in its first argument. Each request has an id and is
 * answered with `{ id, value }`, or `{ id, error }`.
 */
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { redisBus, redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { Redis } from 'ioredis'
import { History } from './history.mjs'
import { Load } from './load.mjs'
import { naiveBus } from './naive-bus.mjs'
import { tappedBus } from './tapped-bus.mjs'
import { Watch } from './watch.mjs'

const { store, bus, mode, timing, naive, database, guarded, ...options } = JSON.parse(String(process.argv[2]))
const { heartbeat, ...timeouts } = timing
const { prefix, storeTimeout } = options

/** How long a process may take until it relies on its bus, in ms. */
const PATIENCE = 20_000

const history = new History()
/** @type {Watch | undefined} */
let watch
/** The mark of the invalidation that is watched for; the others would only be many. */
let awaited = ''

/** @type {Load | undefined} */
let load
const voice = { mute: false }

/** @param {string} mark */
function told(mark) {
  if (!mark.startsWith('heard ') || mark === awaited) watch?.mark(mark)
  load?.hear(mark)
  history.add(mark)
}

const tapped = tappedBus(redisBus({ url: bus, ...timeouts }, { mode, heartbeat }), told, voice)
const cache = createCache({
  // The machine that runs this may be slow; what is tested is not.
  store: [lruStore(), redisStore({ url: store, connectTimeout: '5s', socketTimeout: storeTimeout })],
  bus: naive === undefined ? tapped : naiveBus(tapped, { deaf: naive === 'deaf' }),
  ...options,
  ...(guarded && { guard: stampedeGuard() }),
})
cache.on(event => {
  if (event.type === 'bus') told(`bus ${event.state}`)
  if (event.type === 'local-drop') told(`drop ${event.reason}`)
  if (event.type === 'invalidation-delivered') told('delivered')
  if (event.type === 'hit' && event.tier === 'local') watch?.localHit()
})

/** @param {string} namespace */
const spaceOf = namespace => cache.namespace(namespace)

const rows = new Redis(database)
rows.on('error', () => {})

/**
 * A key of the cache; its value is the version of the row of the same name.
 *
 * @typedef {{ namespace: string, key: string, tags?: readonly string[] | 'computed' }} Place
 */

/**
 * @param {string} namespace
 * @param {string} key
 */
const rowOf = (namespace, key) => `${prefix}:${namespace}:${key}`

/** @param {Place} place */
function read({ namespace, key, tags }) {
  const space = spaceOf(namespace)
  const query = async () => ({ version: Number(await rows.get(rowOf(namespace, key))), group: groupOf(key) })
  if (tags === undefined) return space.getOrSet(key, query)
  if (tags === 'computed') return space.getOrSet(key, query, { tags: row => [row.group] })
  return space.getOrSet(key, query, { tags })
}

/** @param {string} key */
const groupOf = key => `group-of-${key}`

/**
 * @param {Place} place
 * @returns {Promise<{ version: number } | undefined>}
 */
const get = ({ namespace, key }) => spaceOf(namespace).get(key)

/**
 * @param {Place} place
 * @returns {{ version: number } | undefined}
 */
const peek = ({ namespace, key }) => spaceOf(namespace).peek(key)

/**
 * @typedef {Place & { how: string, names: readonly string[], version: number }} Invalidation
 * @type {Record<string, (details: Invalidation) => Promise<boolean>>}
 */
const invalidations = {
  delete: ({ namespace, key }) => spaceOf(namespace).delete(key),
  deleteMany: ({ namespace, key }) => spaceOf(namespace).deleteMany([key]),
  expire: ({ namespace, key }) => spaceOf(namespace).expire(key),
  deleteTags: ({ namespace, names }) => spaceOf(namespace).deleteTags(names),
  expireTags: ({ namespace, names }) => spaceOf(namespace).expireTags(names),
  clear: ({ namespace }) => spaceOf(namespace).clear(),
  set: ({ namespace, key, tags, version }) => {
    const value = { version, group: groupOf(key) }
    return spaceOf(namespace).set(key, value, { tags: Array.isArray(tags) ? tags : [] })
  },
}

/**
 * @typedef {Invalidation & { fresh: number, sign: string, rounds: number, mark: string, after: number }
 *   & import('./load.mjs').LoadOptions} Details
 * @type {Record<string, (details: Details) => unknown>}
 */
const requests = {
  async ready() {
    await cache.ready({ timeout: '10s' })
    const late = sleep(PATIENCE, 'late', { ref: false })
    if ((await Promise.race([history.sees('bus up', 0), late])) === 'late')
      throw new Error('its bus is not up')
  },
  read: async place => (await read(place)).version,
  peek: place => peek(place)?.version,
  async hold(place) {
    while (true) {
      await read(place)
      const held = peek(place)
      if (held !== undefined) return held.version
      await breathe()
    }
  },
  watch({ fresh, sign, ...place }) {
    awaited = `heard ${sign}`
    const reads = [() => get(place), () => read(place)]
    watch = new Watch({ peek: () => peek(place), reads, fresh }, told)
    return history.now
  },
  async stop({ rounds }) {
    const phases = await watch?.stop(rounds)
    watch = undefined
    return phases
  },
  async invalidate(details) {
    const delivered = await invalidations[details.how]?.(details)
    told('returned')
    return delivered
  },
  mark({ mark }) {
    told(mark)
    return history.now
  },
  sees: ({ mark, after }) => history.sees(mark, after),
  tell: ({ key }) => cache.set(key, ''),
  mute() {
    voice.mute = true
  },
  prepareLoad(details) {
    const { namespace } = details
    load = new Load(
      cache,
      {
        read: async key => Number(await rows.get(rowOf(namespace, key))),
        raise: key => rows.incr(rowOf(namespace, key)),
      },
      details,
    )
  },
  load: () => load?.run(),
  versions: () => load?.versions(),
}

process.on('message', async (/** @type {Details & { id: number, request: string }} */ message) => {
  const { id, request, ...details } = message
  try {
    process.send?.({ id, value: await requests[request]?.(/** @type {Details} */ (details)) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
