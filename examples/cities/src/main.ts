import { fromEnv } from '@lookaside/config'
import { cacheReport } from './cache-report.js'
import { openCities } from './open-cities.js'
import { portFrom } from './port.js'
import { bold, print } from './screen.js'
import { serve } from './serve.js'

try {
  await start()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

async function start(): Promise<void> {
  const port = portFrom(process.env['PORT'])
  const cache = await fromEnv({ prefix: 'cities' })
  const [source, ...warnings] = await cacheReport(cache, process.env)
  print(`  cache      ${source}`)
  for (const warning of warnings) print(bold(`             ${warning}`))
  const database = await openCities()
  const service = await serve(database, cache, port).catch(error => {
    throw new Error(`cannot listen on PORT ${port}: ${error.message}`, { cause: error })
  })

  if (service.takenPort !== undefined) {
    print(
      `  port       ${service.takenPort} is taken, so it is ${new URL(service.url).port}; PORT chooses another`,
    )
  }
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
