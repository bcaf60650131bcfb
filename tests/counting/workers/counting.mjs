/**
 * One process of a counting test: a cache over a real server, which its parent steers by messages.
 *
 * It gets where its data is as JSON in its first argument. Each request has an id and is answered with `{ id, value }`
 * or `{ id, error }`; each step that the cache has acknowledged is told as `{ acknowledged }` at once.
 */
import { createCache } from '@lookaside/core'
import { storesOn } from '../../processes/open-stores.mjs'

/** More at once than one connection sends in a row, so that processes meet in the middle of each other's calls. */
const AT_ONCE = 8

const { backend, server, name, ...options } = JSON.parse(String(process.argv[2]))
// The machine that runs the tests may be slow; what the tests are about is not.
const openStore = await storesOn(backend, server, '5s')
const cache = createCache({ ...options, store: openStore() })

/** @typedef {{ total: number, by: Record<string, number>, names: string[] }} Cart */

/** @type {Record<string, (key: string, step: number) => Promise<unknown>>} */
const steps = {
  /** Takes the next number. */
  ticket: key => cache.increment(key),
  /** Up by 1 to 7 and down by 1 to 5; resolves to how much. */
  async upAndDown(key, step) {
    const by = step % 3 === 0 ? -(1 + (step % 5)) : 1 + (step % 7)
    await cache.increment(key, by, { initial: 1_000_000 })
    return by
  },
  /** One more thing in an object that all share. */
  async cart(key, step) {
    const item = `${name}:${step}`
    await cache.update(key, (/** @type {Cart | undefined} */ cart) => {
      const { total = 0, by = {}, names = [] } = cart ?? {}
      return { total: total + 1, by: { ...by, [name]: (by[name] ?? 0) + 1 }, names: [...names, item] }
    })
    return item
  },
  /** What everybody writes who has no counters. */
  async getThenSet(key) {
    const count = /** @type {number} */ ((await cache.get(key)) ?? 0)
    await cache.set(key, count + 1)
    return count
  },
}

/** @param {string} what @param {string} key @param {number} count */
async function repeat(what, key, count) {
  const step = steps[what]
  if (step === undefined) throw new Error(`no such step: ${what}`)
  /** @type {unknown[]} */
  const results = []
  let next = 0
  async function line() {
    while (next < count) {
      const result = await step?.(key, next++)
      results.push(result)
      process.send?.({ acknowledged: result })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, line))
  return results
}

/** @typedef {{ id: number, what: string, key: string, count: number }} Request */

process.on('message', async (/** @type {Request} */ message) => {
  const { id, what, key, count } = message
  try {
    const value = what === 'ready' ? await cache.ready({ timeout: '15s' }) : await repeat(what, key, count)
    process.send?.({ id, value })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
