import { createCache } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { type Product, ShopDatabase } from './shop-database.js'

const { REDIS_URL = 'redis://127.0.0.1:6379' } = process.env

const database = new ShopDatabase()
const cache = createCache({
  store: redisStore({ url: REDIS_URL, socketTimeout: '2s' }),
  guard: stampedeGuard(),
  prefix: 'batch',
  ttl: '10m',
  storeTimeout: '1s',
})

/** One query for each product. */
function oneByOne(ids: readonly number[]): Promise<(Product | undefined)[]> {
  return Promise.all(ids.map(id => database.findProduct(id)))
}

/** One query for all products that are not cached. */
function together(ids: readonly number[]): Promise<(Product | undefined)[]> {
  return cache.getOrSetMany(ids, {
    key: id => `product:${id}`,
    load: async missing => {
      const products = await database.findProducts(missing)
      return new Map(products.map(product => [product.id, product]))
    },
  })
}

type Find = (ids: readonly number[]) => Promise<(Product | undefined)[]>

/** Shows a page of 24 products, and what it took. */
async function page(first: number, find: Find): Promise<void> {
  const ids = Array.from({ length: 24 }, (_, index) => first + index)
  const found = (await find(ids)).filter(product => product !== undefined)
  const queries = database.queries.splice(0)
  const count = queries.length === 1 ? '1 query' : `${queries.length} queries`
  console.log(`  page ${first} to ${ids.at(-1)}: ${found.length} products, ${count}`)
  for (const query of queries.slice(0, 3)) console.log(`    ${query}`)
  if (queries.length > 3) console.log(`    and ${queries.length - 3} more`)
}

try {
  await cache.ready()
  await cache.clear() // what an earlier run has left

  console.log('Without a cache')
  await page(1, oneByOne)

  console.log('\nWith getOrSetMany')
  await page(1, together)
  await page(7, together) // most are cached
  await page(4, together) // all are
  await page(84, together) // there are no more than a hundred
  await page(84, together) // which is cached too

  console.log('\nAfter products 9 and 12 have changed')
  await cache.deleteMany(['product:9', 'product:12'])
  await page(1, together)
} finally {
  await cache.close()
}
