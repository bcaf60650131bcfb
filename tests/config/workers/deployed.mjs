/**
 * One process of a fleet under a config, which its parent steers by messages.
 *
 * It gets the config and the URL of the database as JSON in its first argument. Each request has an id and is answered
 * with `{ id, value }`, or `{ id, error }`. The rows, and what is known of invalidations that have returned, are in a
 * Redis that all processes share: `row:KEY` counts the writes of a row, `seen:KEY` is the latest whose invalidation has
 * returned.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fromConfig } from '@lookaside/config'
import { Redis } from 'ioredis'

const { config, database } = JSON.parse(String(process.argv[2]))
const { prefix } = config
const rows = new Redis(database)
const cache = await fromConfig(config)

const RAISE = `
local known = tonumber(redis.call('get', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('set', KEYS[1], ARGV[1]) end`
const KEYS = 20
const WRITES = 0.03
const TEXT = 'abc '.repeat(50)

const report = { reads: 0, writes: 0, loads: 0, old: 0, changed: 0, errors: /** @type {string[]} */ ([]) }
cache.on(event => {
  if (event.type === 'unusable' && event.reason !== 'tag') report.errors.push(`unusable: ${event.reason}`)
  if (event.type === 'store-error' || event.type === 'background-error')
    report.errors.push(String(event.error))
})

/** @param {string} key */
async function write(key) {
  report.writes++
  const row = `row:${prefix}:${key}`
  const version = await cache.invalidateAfter(() => rows.incr(row), { keys: [key], tags: [`tag-${key}`] })
  await rows.eval(RAISE, 1, `seen:${prefix}:${key}`, version)
}

/** @param {string} key */
async function load(key) {
  report.loads++
  const row = Number((await rows.get(`row:${prefix}:${key}`)) ?? 0)
  await sleep(2)
  return { row, text: TEXT, at: new Date(row), roles: new Map([['row', row]]) }
}

/** @param {string} key */
async function read(key) {
  const seen = Number((await rows.get(`seen:${prefix}:${key}`)) ?? 0)
  const tags = Math.random() < 0.5 ? { tags: [`tag-${key}`] } : { tags: () => [`tag-${key}`] }
  const value = await cache.getOrSet(key, () => load(key), tags)
  report.reads++
  if (value.row < seen) report.old++
  const isWhole =
    value.text === TEXT && value.at.getTime() === value.row && value.roles.get('row') === value.row
  if (!isWhole) report.changed++
}

let running = false
/** @type {Promise<unknown>} */
let crowd = Promise.resolve()

async function visit() {
  while (running) {
    const key = `k${Math.floor(Math.random() * KEYS)}`
    try {
      await (Math.random() < WRITES ? write(key) : read(key))
    } catch (error) {
      report.errors.push(String(error))
    }
  }
}

/** @type {Record<string, (argument: any) => unknown>} */
const requests = {
  ready: async () => {
    await cache.ready({ timeout: '10s' })
    return true
  },
  run() {
    running = true
    crowd = Promise.all(Array.from({ length: 3 }, visit))
  },
  async progress({ reads }) {
    const enough = report.reads + reads
    while (report.reads < enough) await sleep(2)
  },
  /** As a process does that is told to go. */
  async stop() {
    running = false
    await crowd
    await cache.close()
    return report
  },
}

process.on('message', async (/** @type {any} */ message) => {
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
