import { randomBytes } from 'node:crypto'
import { fromUrl } from '@lookaside/config'
import { checkArguments } from './arguments.js'
import { type Backend, findBackends } from './backends.js'
import type { Database } from './database.js'
import { openCities } from './open-cities.js'
import { plainClient } from './plain-clients.js'
import { cityQueries } from './queries.js'
import { lookasideContender, plainContender, race } from './race.js'
import { showRaces, showSideBySide, showTimings, showWrite, type Visit } from './report.js'
import { bold, dim, duration, green, heading, print, red, status } from './screen.js'
import { serve } from './serve.js'
import { CITY, QUESTIONS, type Timing, timed, writeAndRead } from './tour.js'

/** A prefix of its own: every run starts cold, whatever an earlier one has left in a server. */
const PREFIX = `cities-demo-${randomBytes(4).toString('hex')}`

try {
  const { serve } = checkArguments(process.argv.slice(2))
  if (serve) await import('./main.js')
  else await demo()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

async function demo(): Promise<void> {
  const { CACHE_URL } = process.env
  const start = performance.now()
  print(bold('lookaside: the cities of the world over HTTP, from Postgres, through a cache'))

  const backends = await findBackends(CACHE_URL || undefined)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void backends.stop().finally(() => process.exit(130)))
  }
  try {
    print(`  caches     ${backends.reachable.map(({ name }) => name).join(', ')}`)
    for (const line of backends.missing) print(dim(`             ${line}`))
    const database = await openCities()
    try {
      conclude(await tour(database, backends.reachable))
    } finally {
      await database.close()
    }
  } finally {
    await backends.stop()
  }
  print(dim(`  in ${duration(performance.now() - start)}; to try it by hand: npm run demo -- --serve`))
}

/** Shows the first backend in full, the others beside it. */
async function tour(database: Database, backends: readonly Backend[]): Promise<Visit[]> {
  const visits: Visit[] = []
  for (const backend of backends) {
    const touring = status(`asking, writing and racing on ${backend.name}`)
    const seen = await visit(database, backend)
    touring.done()
    visits.push(seen)
    if (visits.length > 1) continue
    showTimings(seen)
    showWrite(seen)
  }
  showRaces(visits)
  showSideBySide(visits)
  return visits
}

async function visit(database: Database, backend: Backend): Promise<Visit> {
  // Patient with the store: on a busy machine a slow hit would count as a miss, and the checks count those.
  const cache = await fromUrl(backend.url, { prefix: PREFIX, ttl: '5m', storeTimeout: '2s' })
  try {
    await cache.ready()
    const service = await serve(database, cache)
    const plain = await plainClient(backend)
    try {
      const timings: Timing[] = []
      for (const question of QUESTIONS) timings.push(await timed(service.url, question))
      const seen = await writeAndRead(service.url, 10_000)

      const queries = cityQueries(database)
      const races = [
        await race(lookasideContender(cache, `race:${CITY.country}`), queries, CITY),
        await race(plainContender(plain, `${PREFIX}-plain-race`), queries, CITY),
      ]
      return { backend, timings, seen, races }
    } finally {
      await plain.close()
      await service.close()
    }
  } finally {
    await cache.close()
  }
}

/** Checks what has been shown; a demo that shows the wrong thing fails. */
function conclude(visits: readonly Visit[]): void {
  const checks = visits.flatMap(checksOf)
  const broken = checks.filter(({ holds }) => !holds)
  heading(
    broken.length === 0 ? green(`All ${checks.length} checks hold`) : red(`${broken.length} checks failed`),
  )
  for (const { what } of broken) print(`  ${red('✗')} ${what}`)
  process.exitCode = broken.length === 0 ? 0 : 1
}

function checksOf({ backend: { name }, timings, seen, races }: Visit): { what: string; holds: boolean }[] {
  const [lookaside, plain] = races
  return [
    ...timings.flatMap(({ route, same, coldQueries, coldRequests, warmQueries }) => [
      { what: `${name}: a cold ${route} asks the database`, holds: coldQueries >= coldRequests },
      { what: `${name}: a warm ${route} asks the database nothing`, holds: warmQueries === 0 },
      { what: `${name}: a warm ${route} gives the cold answer`, holds: same },
    ]),
    ...seen.map(({ path, after, expected }) => ({
      what: `${name}: after the write ${path} shows ${expected}, not ${after}`,
      holds: after === expected,
    })),
    { what: `${name}: lookaside is fresh after the race`, holds: lookaside?.fresh === true },
    { what: `${name}: a plain client is stale after the race`, holds: plain?.fresh === false },
  ]
}
