import { type Database, openDatabase } from './database.js'
import { loadCities } from './load.js'
import { count, duration, print, status } from './screen.js'

/** Opens the database and loads the cities, and says so while it takes its time. */
export async function openCities(): Promise<Database> {
  const { DATABASE_URL: url } = process.env
  const opening = status(url ? 'connecting to Postgres' : 'starting Postgres inside this process')
  const database = await openDatabase(url)
  opening.done()
  print(`  database   ${database.name}`)

  const loading = status('loading cities')
  const start = performance.now()
  const rows = await loadCities(database, {
    onProgress: (loaded, total) => loading.update(`${count(loaded)} of ${count(total)}`),
  })
  loading.done()
  print(`  data       ${count(rows)} cities of GeoNames, there after ${duration(performance.now() - start)}`)
  return database
}
