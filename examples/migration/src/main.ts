import { randomUUID } from 'node:crypto'
import type { Cache } from '@lookaside/core'
import { load } from './load.js'
import { PRODUCTS } from './products.js'
import { reportHead, reportLine } from './report.js'
import { cacheAt, STAGES, type Stage } from './stages.js'

const prefix = `migration-${randomUUID()}`

async function main(): Promise<void> {
  console.log(`\nTwo processes serve ${PRODUCTS} products from memcached, and move to Redis under load\n`)
  console.log(reportHead())
  let before: Stage | undefined
  let caches: [Cache, Cache] = [cacheAt('memcached', prefix), cacheAt('memcached', prefix)]
  await Promise.all(caches.map(cache => cache.ready()))
  for (const stage of STAGES) {
    // One process after the other is released: for a while both configurations are in use.
    if (before !== undefined) {
      const [first, second] = caches
      caches = [cacheAt(stage, prefix), second]
      await caches[0].ready()
      console.log(reportLine(`${before} and ${stage}`, await load(caches)))
      caches = [caches[0], cacheAt(stage, prefix)]
      await Promise.all([first.close(), second.close()])
    }
    console.log(reportLine(before === undefined ? `${stage}, empty at first` : stage, await load(caches)))
    before = stage
  }
  await caches[0].clear()
  await Promise.all(caches.map(cache => cache.close()))

  const empty = `${prefix}-cold`
  const cold: [Cache, Cache] = [cacheAt('Redis', empty), cacheAt('Redis', empty)]
  console.log(reportLine('Redis at once, without a move', await load(cold)))
  await cold[0].clear()
  await Promise.all(cold.map(cache => cache.close()))
  console.log(
    '\n"queries" are what the database was asked, "stale" are prices older than a change known before.\n',
  )
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  // What is open still would keep it running.
  process.exit(1)
}
