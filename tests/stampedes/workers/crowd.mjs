/**
 * One process of a stampede: a cache over a real server, and as many callers as its parent asks for.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument. Each request has an id and is
 * answered with `{ id, value }`, or `{ id, error }`. It gives a `{ sign }` when a load has begun and when callers wait
 * for another process' load. Loads take their numbers from a counter in the server, which all processes share.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { storesOn } from '../../processes/open-stores.mjs'

const { backend, server, prefix, guarded, loadTime, hanging, options } = JSON.parse(String(process.argv[2]))

// Here it differs from what a user would write. On a machine that has far more to do than it can, a process may not
// run for longer than a store call may take by default, and then loads for itself; or for longer than its claim lasts,
// and then another loads. That is as it should be, but not what is tested here.
const patience = '30s'

const openStore = await storesOn(backend, server, patience)

const cache = createCache({
  store: openStore(),
  storeTimeout: patience,
  claimTtl: patience,
  prefix,
  ...(guarded && { guard: stampedeGuard() }),
  ...options,
})

// Beside the cache, whose own calls it must not hold up.
const counters = openStore()

/** What only happens where something went wrong, or where callers race each other. */
const NOTEWORTHY = [
  'store-error',
  'breaker',
  'not-stored',
  'commit-rejected',
  'load-error',
  'background-error',
]
/** @type {string[]} */
const troubles = []
cache.on(event => {
  if (event.type === 'claim-wait') process.send?.({ sign: `waiting for ${event.key}` })
  if (!NOTEWORTHY.includes(event.type)) return
  const { error, ...told } = /** @type {Record<string, unknown>} */ ({ ...event })
  troubles.push(`${process.pid} ${new Date().toISOString()} ${JSON.stringify(told)} ${error ?? ''}`)
})

/** @type {{ key: string, number: number, from: number, to: number }[]} */
const loads = []

/**
 * How many loads of a key have begun in all processes, this one included when `more` is 1.
 *
 * @param {string} key
 * @param {0n | 1n} more
 */
async function count(key, more) {
  return Number(await counters.increment(`${prefix}-loads::${key}`, more, { initial: 0n, ttl: 3_600_000 }))
}

/** @param {string} key */
async function load(key) {
  const from = Date.now()
  const number = await count(key, 1n)
  process.send?.({ sign: `loading ${key} #${number}` })
  await (hanging.includes(number) ? new Promise(() => {}) : sleep(loadTime))
  loads.push({ key, number, from, to: Date.now() })
  return `${key} #${number}`
}

/**
 * @param {string} key
 * @param {Crowd} crowd
 */
async function ask(key, { callers, within }) {
  /** @type {Record<string, number>} */
  const answers = {}
  const call = async () => {
    if (within > 0) await sleep(Math.random() * within)
    const answer = await cache.getOrSet(key, () => load(key)).catch(error => `rejected with ${error}`)
    answers[answer] = (answers[answer] ?? 0) + 1
  }
  await Promise.all(Array.from({ length: callers }, call))
  return answers
}

/**
 * @typedef {{ callers: number, within: number }} Crowd
 * @typedef {Crowd & { keys: readonly string[], key: string, at: number }} Details
 * @type {Record<string, (details: Details) => unknown>}
 */
const requests = {
  async ready() {
    await Promise.all([cache.ready({ timeout: patience }), counters.ping()])
    return true
  },
  async crowd({ keys, at, ...crowd }) {
    // All processes begin at one instant.
    await sleep(Math.max(0, at - Date.now()))
    return Promise.all(keys.map(key => ask(key, crowd)))
  },
  expire: ({ key }) => cache.expire(key),
  count: ({ key }) => count(key, 0n),
  loads: () => loads.splice(0),
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
