import { once } from 'node:events'
import { type Backend, openCache } from './open-cache.js'

// One process of many: it counts who comes in by its door, in two ways.

const [backend, visitors] = process.argv.slice(2)
const cache = openCache(backend as Backend)
process.once('disconnect', () => process.exit()) // it does not outlive who started it
await cache.ready({ timeout: '10s' })
process.send?.('ready')
await once(process, 'message') // all doors open together

for (let visitor = 0; visitor < Number(visitors); visitor++) {
  await cache.increment('exact', 1, { ttl: '1d' })
}

for (let visitor = 0; visitor < Number(visitors); visitor++) {
  const count = (await cache.get<number>('careless')) ?? 0
  await cache.set('careless', count + 1, { ttl: '1d' }) // others have counted since
}

await cache.close()
process.disconnect()
