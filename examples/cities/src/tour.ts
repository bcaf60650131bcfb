import { isDeepStrictEqual } from 'node:util'
import { type Counted, counted, get, untilHeld } from './ask.js'
import type { Backend } from './backends.js'

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
    paths: ['vík', 'san', 'ville'].map(text => `/search?q=${encodeURIComponent(text)}`),
  },
  {
    route: 'GET /countries',
    work: 'count, sum and largest of a country',
    paths: ['IS', 'FR', 'US'].map(code => `/countries/${code}`),
  },
  {
    route: 'GET /cities',
    work: 'one row by its primary key',
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
  /** How many warm answers came from the memory of the service's process. */
  readonly warmLocal: number
  /** Whether every warm answer was the cold one. */
  readonly same: boolean
}

interface Answer {
  readonly ms: number
  readonly body: unknown
}

const ROUNDS = 30

/** Where nothing is kept no answer is warm, and all of them are slow. */
const ROUNDS_OFF = 1

const ATTEMPTS = 3

/** Asks a question cold, then warm, one request after the other. */
export async function timed(service: string, question: Question, backend: Backend): Promise<Timing> {
  const { route, work, paths } = question
  const cold = await counted(service, () => askTimed(service, paths))
  const warm = await askWarm(service, question, backend, cold.took.storeErrors)
  return {
    route,
    work,
    cold: median(cold.result.map(({ ms }) => ms)),
    warm: median(warm.result.map(({ ms }) => ms)),
    coldRequests: cold.result.length,
    coldQueries: cold.took.queries,
    warmRequests: warm.result.length,
    warmQueries: warm.took.queries,
    warmLocal: warm.took.localHits,
    same: warm.result.every(({ body }, index) =>
      isDeepStrictEqual(body, cold.result[index % paths.length]?.body),
    ),
  }
}

async function askWarm(
  service: string,
  { paths }: Question,
  { keeps, local }: Backend,
  coldErrors: number,
): Promise<Counted<Answer[]>> {
  const manyTimes = Array.from({ length: keeps ? ROUNDS : ROUNDS_OFF }, () => paths).flat()
  for (let attempt = 1; ; attempt++) {
    // A memory before a server may hold what it has loaded only once the server has told it of its own write.
    if (local) for (const path of paths) await untilHeld(service, path)
    const asked = await counted(service, () => askTimed(service, manyTimes))
    const { queries, storeErrors, localHits } = asked.took
    const errors = coldErrors + storeErrors
    // Where the machine was too busy to let the server or the bus answer in time, that says nothing of the cache.
    const spoilt = (keeps && queries > 0 && errors > 0) || (local && localHits < manyTimes.length)
    if (!spoilt || attempt === ATTEMPTS) return asked
  }
}

async function askTimed(service: string, paths: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const path of paths) {
    const start = performance.now()
    const body = await get(service + path)
    answers.push({ ms: performance.now() - start, body })
  }
  return answers
}

/** The one in the middle; of an even number the later of the two. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
