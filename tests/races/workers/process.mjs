/**
 * One process of a two-process test: a cache over a real server, which its parent steers by messages.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument. Each request has an id and is
 * answered with `{ id, value }`, or `{ id, error }`. A loader tells `{ loading }` and waits for `{ row }`.
 */
import { createCache } from '@lookaside/core'
import { storesOn } from '../../processes/open-stores.mjs'
import { overwritingStore } from './overwriting-store.mjs'

const { backend, server, overwriting, ...options } = JSON.parse(String(process.argv[2]))
const openStore = await storesOn(backend, server)
const store = openStore()
const cache = createCache({ ...options, store: overwriting ? overwritingStore(store) : store })
/** @type {string[]} */
const told = []
cache.on(event => void told.push(event.type))

/** @type {Map<string, (row: string) => void>} */
const queries = new Map()

/** @param {string} key */
function query(key) {
  return new Promise(resolve => {
    queries.set(key, resolve)
    process.send?.({ loading: key })
  })
}

/** @type {Record<string, (key: string) => unknown>} */
const requests = {
  ready: () => cache.ready({ timeout: '10s' }),
  getOrSet: key => cache.getOrSet(key, () => query(key)),
  get: key => cache.get(key),
  delete: key => cache.delete(key),
  deleteMany: key => cache.deleteMany([key]),
  expire: key => cache.expire(key),
  told: () => told.splice(0),
}

process.on('message', async (/** @type {Record<string, string>} */ message) => {
  const { id, request, key, row } = message
  if (row !== undefined) {
    queries.get(String(key))?.(row)
    return
  }
  try {
    process.send?.({ id, value: await requests[String(request)]?.(String(key)) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
