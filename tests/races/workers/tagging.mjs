/**
 * One process of a test about tags: a cache over a real server, which its parent steers by messages.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument. Each request has an id and is
 * answered with `{ id, value }`, or `{ id, error }`. A held loader tells `{ loading }` and waits for `{ row }`.
 *
 * Its crowd reads rows of a database that holds one number for all of them, which the parent raises.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createCache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { storesOn } from '../../processes/open-stores.mjs'

const { backend, server, guarded, ...options } = JSON.parse(String(process.argv[2]))
const openStore = await storesOn(backend, server, '5s')
const cache = createCache({
  ...options,
  storeTimeout: '5s',
  guard: guarded ? stampedeGuard() : undefined,
  store: openStore(),
})

/** @type {Map<string, (row: string) => void>} */
const queries = new Map()

/** @param {string} key @returns {Promise<string>} */
function query(key) {
  return new Promise(resolve => {
    queries.set(key, resolve)
    process.send?.({ loading: key })
  })
}

/** @type {Record<string, (key: string, load: (key: string) => unknown, ttl?: number) => Promise<unknown>>} */
const ways = {
  named: (key, load, ttl) => cache.getOrSet(key, () => load(key), { ttl, tags: ['rows'] }),
  computed: (key, load, ttl) => cache.getOrSet(key, () => load(key), { ttl, tags: () => ['rows'] }),
  set: (key, load, ttl) =>
    cache.getOrSet(
      key,
      async ({ setTags }) => {
        const row = await load(key)
        setTags(['rows'])
        return row
      },
      { ttl },
    ),
}

let version = 0
let floor = 0
let running = false
/** @type {string[]} */
let outdated = []
let reads = 0
let loads = 0
/** @type {Promise<unknown>} */
let crowd = Promise.resolve()

async function readRow() {
  const row = version
  loads++
  await pause(Math.random() * 8)
  return row
}

/** @param {string} way @param {number} keys */
async function reader(way, keys) {
  while (running) {
    const least = floor
    const row = Number(await ways[way]?.(`${way}:${Math.floor(Math.random() * keys)}`, readRow, 40))
    reads++
    if (row < least) outdated.push(`${row} after ${least}`)
    if (Math.random() < 0.1) await pause(1)
  }
}

/** @type {Record<string, (...args: any[]) => unknown>} */
const requests = {
  ready: () => cache.ready({ timeout: '10s' }),
  load: (way, key) => ways[way]?.(key, query),
  fill: (way, key, row) => ways[way]?.(key, () => row),
  get: key => cache.get(key),
  deleteTags: () => cache.deleteTags(['rows']),
  expireTags: () => cache.expireTags(['rows']),
  clear: () => cache.clear(),
  commit(number) {
    version = number
  },
  expect(number) {
    floor = number
  },
  start(way, readers, keys) {
    running = true
    outdated = []
    reads = 0
    loads = 0
    crowd = Promise.all(Array.from({ length: readers }, () => reader(way, keys)))
  },
  async stop() {
    running = false
    await crowd
    return { reads, loads, outdated: outdated.slice(0, 5) }
  },
}

process.on('message', async (/** @type {any} */ { id, request, args, key, row }) => {
  if (row !== undefined) {
    queries.get(key)?.(row)
    return
  }
  try {
    process.send?.({ id, value: await requests[request]?.(...args) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
