import { type Cache, createCache, type WarmSummary, warm } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { findProduct, PRODUCTS, productIds, queriesSoFar } from './products.js'
import { count, endProgress, SHOW_EVERY, showProgress } from './progress-bar.js'

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const cache = createCache({
  store: redisStore({ url, socketTimeout: '5s' }),
  storeTimeout: '5s', // nobody waits for a warming: it is more patient than a request
  prefix: 'warm-up',
  ttl: '10m',
  guard: stampedeGuard(), // however many processes warm: each product is loaded once
})

const key = (id: number) => `product:${id}`
const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort()) // Ctrl-C

/** Warms the cache, until all is there or a signal stops it. */
async function warmUp(cache: Cache, halfWay?: AbortController): Promise<WarmSummary> {
  const signals = [interrupt.signal, ...(halfWay === undefined ? [] : [halfWay.signal])]
  const summary = await warm(cache, productIds(), {
    key,
    load(id) {
      if (queriesSoFar() === PRODUCTS / 2) halfWay?.abort()
      return findProduct(id)
    },
    jitter: 0.2, // what was stored together does not expire together
    concurrency: 20,
    total: PRODUCTS,
    signal: AbortSignal.any(signals),
    progressEvery: SHOW_EVERY,
    onProgress: showProgress,
  })
  endProgress()
  console.log(`   ${count(summary.loaded)} loaded, ${count(summary.skipped)} were there`)
  return summary
}

async function main(): Promise<void> {
  console.log(`\n1  Warm a cache with ${count(PRODUCTS)} products, 20 at a time, and stop half-way`)
  const first = await warmUp(cache, new AbortController())
  if (first.stopped && !interrupt.signal.aborted) {
    console.log('\n2  Resume: the same call again skips what is there')
    await warmUp(cache)
  }
  if (interrupt.signal.aborted) {
    console.log('\nInterrupted; what had begun was finished. Run it again: it resumes.')
    return
  }
  console.log('\n3  Readers find everything')
  const before = queriesSoFar()
  for (let id = 1; id <= PRODUCTS; id += 40) await cache.getOrSet(key(id), () => findProduct(id))
  console.log(`   ${queriesSoFar() - before} queries for ${PRODUCTS / 40} of them\n`)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await cache.close()
}
