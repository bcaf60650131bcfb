import { randomBytes } from 'node:crypto'
import type { Cache } from '@lookaside/core'
import { type Backend, findBackends } from './backends.js'
import { type Check, coherenceChecks, herdChecks, visitChecks } from './checks.js'
import { type Coherence, coherence } from './coherence.js'
import { showCoherence } from './coherence-report.js'
import type { Database } from './database.js'
import { showHerds } from './herd-report.js'
import { herdsOn } from './herds.js'
import { openBackend } from './open-backend.js'
import { openCities } from './open-cities.js'
import { plainClient } from './plain-clients.js'
import { cityQueries } from './queries.js'
import { lookasideContender, plainContender, type RaceResult, race } from './race.js'
import { showRaces, showSideBySide, showTimings, showWrite, type Visit } from './report.js'
import { bold, dim, duration, green, heading, print, red, status } from './screen.js'
import { serve } from './serve.js'
import { CITY, QUESTIONS, type Timing, timed } from './tour.js'
import { writeAndRead } from './write-and-read.js'

/** A prefix of its own: every run starts cold, whatever an earlier one has left in a server. */
const PREFIX = `cities-demo-${randomBytes(4).toString('hex')}`

/** Shows everything once, and checks what it has shown; exits with 1 where that is not as it should be. */
export async function guidedTour(): Promise<void> {
  const start = performance.now()
  print(bold('lookaside: the cities of the world over HTTP, from Postgres, through a cache'))

  const backends = await findBackends(process.env)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void backends.stop().finally(() => process.exit(130)))
  }
  try {
    print(`  caches     ${backends.reachable.map(({ name }) => name).join(', ')}`)
    print(dim(`             from cache.config.${backends.reachable.map(({ file }) => file).join(', .')}`))
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
async function tour(database: Database, backends: readonly Backend[]): Promise<Check[]> {
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

  const crowding = status('sending herds')
  const herds = await herdsOn(database, backends, `${PREFIX}-herd`)
  crowding.done()
  // Where processes share a server there is most to see.
  const shared = herds.find(({ caches }) => caches > 1) ?? herds[0]
  if (shared !== undefined) showHerds(shared)

  const processes = await twoProcesses(database, backends)
  showCoherence(processes)

  showSideBySide(visits, herds)
  return [...visits.flatMap(visitChecks), ...herds.flatMap(herdChecks), ...coherenceChecks(processes)]
}

/** Nothing where there is no Redis. */
async function twoProcesses(
  database: Database,
  backends: readonly Backend[],
): Promise<Coherence | undefined> {
  const tiered = backends.find(({ name }) => name === 'tiered')
  if (tiered === undefined) return undefined
  const running = status('running two processes of the service')
  const seen = await coherence(database, tiered, `${PREFIX}-process`)
  running.done()
  return seen
}

async function visit(database: Database, backend: Backend): Promise<Visit> {
  // Patient with the store: on a busy machine a slow hit would count as a miss, and the checks count those.
  const cache = await openBackend(
    backend,
    { storeTimeout: '2s' },
    { CACHE_PREFIX: `${PREFIX}-${backend.name}` },
  )
  try {
    await cache.ready()
    const service = await serve(database, cache)
    try {
      const timings: Timing[] = []
      for (const question of QUESTIONS) timings.push(await timed(service.url, question, backend))
      const write = await writeAndRead(service.url, 10_000, backend)
      return { backend, timings, write, races: await races(database, backend, cache) }
    } finally {
      await service.close()
    }
  } finally {
    await cache.close()
  }
}

/** Lookaside and a plain client, where there is one. */
async function races(database: Database, backend: Backend, cache: Cache): Promise<RaceResult[]> {
  const queries = cityQueries(database)
  const ours = await race(lookasideContender(cache, `race:${CITY.country}`), queries, CITY)
  const plain = await plainClient(backend)
  if (plain === undefined) return [ours]
  try {
    return [ours, await race(plainContender(plain, `${PREFIX}-plain-race-${backend.name}`), queries, CITY)]
  } finally {
    await plain.close()
  }
}

/** Checks what has been shown; a demo that shows the wrong thing fails. */
function conclude(checks: readonly Check[]): void {
  const broken = checks.filter(({ holds }) => !holds)
  heading(
    broken.length === 0 ? green(`All ${checks.length} checks hold`) : red(`${broken.length} checks failed`),
  )
  for (const { what } of broken) print(`  ${red('✗')} ${what}`)
  process.exitCode = broken.length === 0 ? 0 : 1
}
