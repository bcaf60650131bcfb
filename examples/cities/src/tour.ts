import { isDeepStrictEqual } from 'node:util'
import type { City, Country } from './queries.js'

/** A question that the service answers, in three versions: each is asked cold once, then warm many times. */
export interface Question {
  readonly route: string
  readonly work: string
  readonly paths: readonly string[]
}

export const QUESTIONS: readonly Question[] = [
  {
    route: 'GET /nearest',
    work: 'distance to every city, 10 nearest',
    paths: ['64.146,-21.942', '-1.283,36.817', '35.69,139.692'].map(point => {
      const [lat, lon] = point.split(',')
      return `/nearest?lat=${lat}&lon=${lon}&n=10`
    }),
  },
  {
    route: 'GET /search',
    work: 'ILIKE over all names, ranked',
    paths: ['reykjav', 'san', 'ville'].map(text => `/search?q=${text}`),
  },
  {
    route: 'GET /countries',
    work: 'count, sum and largest of a country',
    paths: ['IS', 'FR', 'US'].map(code => `/countries/${code}`),
  },
  {
    route: 'GET /cities',
    work: 'one row by its primary key',
    // None of them is in an answer above, so that they are asked cold here.
    paths: [3143244, 360630, 6167865].map(id => `/cities/${id}`),
  },
]

/** The city that the tour writes to. */
export const CITY = { id: 3413829, name: 'Reykjavík', country: 'IS', countryName: 'Iceland' }

export interface Timing {
  readonly route: string
  readonly work: string
  /** Median latency over HTTP of an answer from the database, in milliseconds. */
  readonly cold: number
  /** Median latency over HTTP of an answer from the cache, in milliseconds. */
  readonly warm: number
  readonly coldRequests: number
  readonly coldQueries: number
  readonly warmRequests: number
  readonly warmQueries: number
  /** Whether every warm answer was the cold one. */
  readonly same: boolean
}

/** What one endpoint showed before a write and right after it. */
export interface Seen {
  readonly path: string
  readonly before: number
  readonly after: number
  readonly expected: number
}

interface Answer {
  readonly ms: number
  readonly body: unknown
}

/** One path per endpoint, each of which shows the population of `CITY` or of its country. */
const SHOWING_CITY = [
  `/cities/${CITY.id}`,
  `/countries/${CITY.country}`,
  '/nearest?lat=64.146&lon=-21.942&n=10',
  '/search?q=reykjav',
]

const ROUNDS = 60

const ATTEMPTS = 3

/** Asks a question cold, then warm, one request after the other. */
export async function timed(service: string, question: Question): Promise<Timing> {
  const { route, work, paths } = question
  const start = await countsOf(service)
  const cold: Answer[] = []
  for (const path of paths) cold.push(await timedGet(service + path))
  const { queries } = await countsOf(service)
  const warm = await askWarm(service, question)
  return {
    route,
    work,
    cold: median(cold.map(({ ms }) => ms)),
    warm: median(warm.answers.map(({ ms }) => ms)),
    coldRequests: cold.length,
    coldQueries: queries - start.queries,
    warmRequests: warm.answers.length,
    warmQueries: warm.queries,
    same: warm.answers.every(({ body }, index) => isDeepStrictEqual(body, cold[index % cold.length]?.body)),
  }
}

async function askWarm(
  service: string,
  { paths }: Question,
): Promise<{ answers: Answer[]; queries: number }> {
  for (let attempt = 1; ; attempt++) {
    const before = await countsOf(service)
    const answers: Answer[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const path of paths) answers.push(await timedGet(service + path))
    }
    const after = await countsOf(service)
    const queries = after.queries - before.queries
    // Where the machine was too busy to let the cache's server answer in time, that says nothing of the cache.
    if (queries === 0 || after.storeErrors === 0 || attempt === ATTEMPTS) return { answers, queries }
  }
}

/** Writes a population and reads every endpoint before and after; then writes the old one back. */
export async function writeAndRead(service: string, growth: number): Promise<Seen[]> {
  const shown = async () =>
    Promise.all(SHOWING_CITY.map(async path => populationIn(await get(service + path))))
  const before = await shown()
  const population = populationIn(await get(`${service}/cities/${CITY.id}`))

  await put(`${service}/cities/${CITY.id}`, { population: population + growth })
  const after = await shown()
  await put(`${service}/cities/${CITY.id}`, { population })

  return SHOWING_CITY.map((path, index) => {
    const old = before[index] ?? Number.NaN
    return { path, before: old, after: after[index] ?? Number.NaN, expected: old + growth }
  })
}

/** The population that an answer shows: of the country, or of the tour's city, alone or in a list. */
function populationIn(answer: unknown): number {
  if (!Array.isArray(answer)) return (answer as City | Country).population
  return (answer as City[]).find(({ id }) => id === CITY.id)?.population ?? Number.NaN
}

async function countsOf(service: string): Promise<{ queries: number; storeErrors: number }> {
  const { database, cache } = (await get(`${service}/stats`)) as {
    database: { queries: number }
    cache: { storeErrors: number }
  }
  return { queries: database.queries, storeErrors: cache.storeErrors }
}

async function timedGet(url: string): Promise<Answer> {
  const start = performance.now()
  const body = await get(url)
  return { ms: performance.now() - start, body }
}

async function get(url: string): Promise<unknown> {
  return json(await fetch(url))
}

async function put(url: string, body: unknown): Promise<unknown> {
  return json(await fetch(url, { method: 'PUT', body: JSON.stringify(body) }))
}

async function json(response: Response): Promise<unknown> {
  const body: unknown = await response.json()
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(body)}`)
  return body
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
