/**
 * One of several processes that warm the same cache.
 *
 * It gets where its data is and how it is to behave as JSON in its first argument, and says `ready`. Told to `go`, it
 * warms, and answers with its `summary`. It tells of each key that it is `loading`; loads of a `held` key wait to be
 * told to `release`. Loads are counted in the server, for all processes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, warm } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { storesOn } from '../../processes/open-stores.mjs'

const { backend, server, prefix, size, loadTime, concurrency, held, limitLoads, claimTtl } = JSON.parse(
  String(process.argv[2]),
)

// On a machine that has far more to do than it can a process may not run for longer than a store call may take by
// default, and then loads for itself: as it should be, but not what is tested here.
const patience = '30s'

const openStore = await storesOn(backend, server, patience)

const cache = createCache({
  store: openStore(),
  storeTimeout: patience,
  claimTtl,
  prefix,
  ttl: '1h',
  guard: stampedeGuard({ limitLoads, claimed: { wait: patience } }),
})
// Beside the cache, whose own calls it must not hold up.
const counters = openStore()

/** @type {() => void} */
let release = () => {}
const released = new Promise(resolve => {
  release = () => resolve(undefined)
})
let running = 0
let most = 0

async function* items() {
  for (let index = 0; index < size; index++) yield `item-${index}`
}

/** @param {string} item */
async function load(item) {
  most = Math.max(most, ++running)
  const ttl = 3_600_000
  await counters.increment(`${prefix}-loads::${item}`, 1n, { initial: 0n, ttl })
  process.send?.({ loading: item })
  await (item === held ? released : sleep(loadTime))
  running--
  return `value of ${item}`
}

process.on('message', async message => {
  if (message === 'release') return release()
  const summary = await warm(cache, items(), { key: item => item, load, concurrency }).catch(String)
  process.send?.({ summary, most })
})
process.on('disconnect', () => process.exit())

await Promise.all([cache.ready({ timeout: patience }), counters.ping()])
process.send?.('ready')
// Its parent may have died before this was listened to.
if (!process.connected) process.exit()
