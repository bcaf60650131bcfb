/**
 * One process that asks for many items at once: a cache over a real server, which its parent steers by messages.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument. Each request has an id and is
 * answered with `{ id, value }`, or `{ id, error }`. It gives a `{ sign }` of what it does. Loads take their numbers from
 * counters in the server, which all processes share.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { storesOn } from '../../processes/open-stores.mjs'

const { backend, server, prefix, hanging, options } = JSON.parse(String(process.argv[2]))

// On a machine that has far more to do than it can a process may not run for longer than a store call may take by
// default, and then loads for itself; or for longer than its claims last. That is as it should be, but not tested here.
const patience = '30s'

const openStore = await storesOn(backend, server, patience)

const cache = createCache({
  store: openStore(),
  storeTimeout: patience,
  claimTtl: patience,
  prefix,
  guard: stampedeGuard(),
  ...options,
})

// Beside the cache, whose own calls they must not hold up.
const counters = openStore()

const NOTEWORTHY = ['store-error', 'breaker', 'not-stored', 'commit-rejected', 'load-error']
/** @type {string[]} */
const troubles = []
cache.on(event => {
  if (event.type === 'claim-wait') process.send?.({ sign: `waiting for ${event.key}` })
  if (!NOTEWORTHY.includes(event.type)) return
  const { error, ...told } = /** @type {Record<string, unknown>} */ ({ ...event })
  troubles.push(`${process.pid} ${new Date().toISOString()} ${JSON.stringify(told)} ${error ?? ''}`)
})

/** @type {(readonly string[])[]} */
const calls = []

/**
 * Counters of one kind, in the order of the items, after `more` has been added to each.
 *
 * @param {string} kind
 * @param {readonly string[]} items
 * @param {0n | 1n} more
 */
async function count(kind, items, more) {
  const how = { initial: 0n, ttl: 3_600_000 }
  const counts = items.map(item => counters.increment(`${prefix}-${kind}::${item}`, more, how))
  return (await Promise.all(counts)).map(Number)
}

/** @param {readonly string[]} items */
async function load(items) {
  calls.push(items)
  const numbers = await count('loads', items, 1n)
  process.send?.({ sign: 'loading' })
  await (hanging ? new Promise(() => {}) : sleep(100))
  return items.map((item, index) => `${item} #${numbers[index]}`)
}

/**
 * What a database would answer: each row is the number of its last write.
 *
 * @param {readonly string[]} items
 */
async function query(items) {
  calls.push(items)
  const rows = await count('rows', items, 0n)
  await sleep(Math.random() * 20)
  return rows
}

let stopped = false

/**
 * @typedef {{ items: readonly string[], at: number }} Details
 * @type {Record<string, (details: Details) => unknown>}
 */
const requests = {
  async ready() {
    await Promise.all([cache.ready({ timeout: patience }), counters.ping()])
    return true
  },
  async ask({ items, at }) {
    // All processes begin at one instant.
    await sleep(Math.max(0, at - Date.now()))
    return cache.getOrSetMany(items, { key: item => item, load })
  },
  /** Reads until it is stopped; tells of each row that is older than a write whose delete had returned by then. */
  async read({ items }) {
    const wrong = []
    let reads = 0
    while (!stopped) {
      const least = await count('deleted', items, 0n)
      const rows = await cache.getOrSetMany(items, { key: item => item, load: query })
      for (const [index, row] of rows.entries()) {
        if (row < Number(least[index])) wrong.push(`${items[index]}: ${row} after ${least[index]}`)
      }
      reads++
      process.send?.({ sign: `read ${reads}` })
    }
    return { wrong, reads }
  },
  /** Writes to one of the items, and deletes it from the cache, again and again until it is stopped. */
  async write({ items }) {
    let writes = 0
    for (; !stopped; writes++) {
      const item = String(items[Math.floor(Math.random() * items.length)])
      await count('rows', [item], 1n)
      if (!(await cache.delete(item))) throw new Error(`the delete of ${item} was not taken`)
      await count('deleted', [item], 1n)
      await sleep(Math.random() * 5)
    }
    return writes
  },
  stop() {
    stopped = true
  },
  calls: () => calls.splice(0),
  troubles: () => troubles.splice(0),
}

process.on('message', async (/** @type {Details & { id: number, request: string }} */ message) => {
  const { id, request } = message
  try {
    process.send?.({ id, value: await requests[request]?.(message) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
