import { fromUrl } from '@lookaside/config'
import { SlowDatabase } from './slow-database.js'

const { REDIS_URL = 'redis://127.0.0.1:6379', CACHE_URL = REDIS_URL } = process.env

const database = new SlowDatabase()
const cache = await fromUrl(CACHE_URL, { prefix: 'user-profile', ttl: '10m', storeTimeout: '1s' })

function profile(id: number) {
  return cache.getOrSet(`profile:${id}`, () => database.profile(id))
}

function rename(id: number, name: string) {
  return cache.invalidateAfter(() => database.rename(id, name), { keys: [`profile:${id}`] })
}

/** Asks for the profile, and prints what came, from where, and how long that took. */
async function show(): Promise<void> {
  const { queries } = database
  const start = performance.now()
  const found = await profile(42)
  const took = performance.now() - start
  const source = database.queries > queries ? 'database' : 'cache'
  const time = took < 1_000 ? `${took.toFixed(2)} ms` : `${(took / 1_000).toFixed(2)} s `
  console.log(`  profile(42)  ${time.padStart(9)}  from the ${source.padEnd(8)}  ${found?.name}`)
}

try {
  await cache.ready()
  await cache.delete('profile:42') // what an earlier run has left

  const [backend] = CACHE_URL.split(':')
  console.log(`A query of two seconds, cached in ${backend}\n`)
  for (const _ of [1, 2, 3]) await show()
  await rename(42, 'Ada Lovelace')
  console.log("\n  rename(42, 'Ada Lovelace')\n")
  for (const _ of [1, 2, 3]) await show()
  console.log(`\n6 answers, ${database.queries} queries`)
} finally {
  await cache.close()
}
