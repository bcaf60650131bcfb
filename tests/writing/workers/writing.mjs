/**
 * One of several processes that write the same key through their caches, or behind them.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument. Its database is a file: a commit
 * appends a line, and the last line is what the row has. Each request has an id and is answered with `{ id, value }`,
 * or `{ id, error }`. A held write tells `committed` and then waits to be told to `release`.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, writeBehind, writeThrough } from '@lookaside/core'
import { storesOn } from '../../processes/open-stores.mjs'

const {
  backend,
  server,
  file,
  naive,
  delay = 0,
  unwrittenTtl,
  ...options
} = JSON.parse(String(process.argv[2]))

const patience = '30s'
const openStore = await storesOn(backend, server, patience)
const cache = createCache({ store: openStore(), storeTimeout: patience, ttl: '1h', ...options })

const rows = () => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const KEY = 'row'

/** @param {string} row */
const commit = row => appendFileSync(file, `${row}\n`)
const pause = () => sleep(Math.random() * 3)

/** @type {() => void} */
let release = () => {}

/**
 * @param {string} row
 * @param {() => unknown} write
 */
async function write(row, write) {
  if (naive) {
    await write()
    await cache.set(KEY, row)
  } else {
    await writeThrough(cache, KEY, row, write)
  }
}

async function load() {
  await pause()
  const row = rows().at(-1)
  await pause()
  return row
}

const behind = writeBehind(cache, {
  delay,
  unwrittenTtl,
  async write(entries) {
    for (const [key, row] of entries) commit(`${key}=${row}`)
  },
})

/** @type {Record<string, (argument: any) => unknown>} */
const requests = {
  ready: () => cache.ready({ timeout: patience }),
  get: () => cache.get(KEY),
  getOrSet: () => cache.getOrSet(KEY, load),
  set: row => cache.set(KEY, row),
  /** Writes and reads again and again; tells what it was served that was older than what it had written itself. */
  async writeMany({ count, name }) {
    const outdated = []
    for (let number = 0; number < count; number++) {
      const own = `${name}-${number}`
      await write(own, async () => {
        await pause()
        commit(own)
        await pause()
      })
      const read = await cache.getOrSet(KEY, load)
      const all = rows()
      if (all.indexOf(String(read)) < all.indexOf(own)) outdated.push(`${read} after ${own}`)
    }
    return outdated
  },
  writeHeld: row =>
    write(row, () => {
      commit(row)
      process.send?.('committed')
      return new Promise(resolve => {
        release = () => resolve(undefined)
      })
    }),
  release: () => release(),
  setBehind: ({ key, row }) => behind.set(key, row),
  getBehind: key => behind.get(key),
  getPlainly: key => cache.get(key),
  flush: () => behind.flush(),
  close: () => cache.close(),
}

process.on('message', async (/** @type {{ id: number, request: string, argument: unknown }} */ message) => {
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
