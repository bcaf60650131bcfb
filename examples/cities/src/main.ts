import { fromEnv } from '@lookaside/config'
import { openCities } from './open-cities.js'
import { print } from './screen.js'
import { serve } from './serve.js'

const USUAL_PORT = 3000

try {
  await start()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

async function start(): Promise<void> {
  const cache = await fromEnv({ prefix: 'cities', ttl: '5m' })
  const database = await openCities()
  const { PORT } = process.env
  const service = await serve(database, cache, Number(PORT ?? USUAL_PORT)).catch(error => {
    if (PORT === undefined && error.code === 'EADDRINUSE') return serve(database, cache)
    throw error
  })

  print(`  service    ${service.url}

  curl -i '${service.url}/nearest?lat=64.146&lon=-21.942&n=5'   # twice: see server-timing
  curl '${service.url}/countries/IS'
  curl '${service.url}/search?q=reykjav'
  curl '${service.url}/cities/3413829'
  curl -X PUT '${service.url}/cities/3413829' -d '{"population": 140000}'
  curl '${service.url}/stats'

  Ctrl-C stops it.`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await service.close()
      await cache.close()
      await database.close()
    })
  }
}
