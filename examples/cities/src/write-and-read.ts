import { isDeepStrictEqual } from 'node:util'
import { type Counted, counted, get, put } from './ask.js'
import type { Backend } from './backends.js'
import type { City, Country } from './queries.js'
import { countryTag, tagsOf } from './service.js'
import { CITY, QUESTIONS } from './tour.js'

/** An answer that shows the tour's city or the totals of its country, before a write and after it. */
export interface Seen {
  readonly path: string
  /** None for the row itself, which has a key. */
  readonly tags: readonly string[]
  readonly before: number
  readonly after: number
  readonly expected: number
  /** Whether the database was asked again after the write. */
  readonly gone: boolean
}

/** An answer that shows nothing of that country. */
export interface Other {
  readonly path: string
  /** Whether it was the same after the write, and the database not asked. */
  readonly kept: boolean
}

/** A write, and what it did to the answers that were cached. */
export interface Write {
  readonly seen: readonly Seen[]
  /** None where nothing is kept. */
  readonly others: readonly Other[]
  /** How many of all these answers came from the cache before. */
  readonly cached: number
}

const ROW = `/cities/${CITY.id}`

/** Each shows the population of `CITY` or of its country. */
const SHOWING_CITY = [
  ROW,
  `/countries/${CITY.country}`,
  '/nearest?lat=64.146&lon=-21.942&n=10',
  `/search?q=${encodeURIComponent('vík')}`,
]

/** The questions of the tour are cached by now. */
const PATHS = [...new Set([...SHOWING_CITY, ...QUESTIONS.flatMap(({ paths }) => paths)])]

/** The tag that every write to `CITY` invalidates. */
export const TAG = countryTag(CITY.country)

const ATTEMPTS = 3

/** Writes a population and reads every answer before and after; then writes the old one back. */
export async function writeAndRead(
  service: string,
  growth: number,
  { keeps }: Pick<Backend, 'keeps'>,
  attempt = 1,
): Promise<Write> {
  const paths = keeps ? PATHS : SHOWING_CITY
  if (keeps) await askAll(service, paths)
  const before = await askAll(service, paths)
  const { population } = (await get(service + ROW)) as City

  await put(service + ROW, { population: population + growth })
  const after = await askAll(service, paths)
  await put(service + ROW, { population })

  // Where the cache's server has not answered in time, the database had to: that says nothing of the write.
  const storeErrors = [...before, ...after].reduce((sum, { took }) => sum + took.storeErrors, 0)
  if (storeErrors > 0 && attempt < ATTEMPTS) return writeAndRead(service, growth, { keeps }, attempt + 1)

  const seen: Seen[] = []
  const others: Other[] = []
  for (const [index, path] of paths.entries()) {
    const [old, now] = [before[index], after[index]]
    if (old === undefined || now === undefined) continue
    const gone = now.took.queries > 0
    const tags = tagsIn(old.result)
    if (tags.includes(TAG) || path === ROW) {
      const was = populationIn(old.result)
      seen.push({ path, tags, before: was, after: populationIn(now.result), expected: was + growth, gone })
    } else {
      others.push({ path, kept: !gone && isDeepStrictEqual(old.result, now.result) })
    }
  }
  return { seen, others, cached: before.filter(({ took }) => took.queries === 0).length }
}

async function askAll(service: string, paths: readonly string[]): Promise<Counted<unknown>[]> {
  const answers: Counted<unknown>[] = []
  for (const path of paths) answers.push(await counted(service, () => get(service + path)))
  return answers
}

/** The population that an answer shows: of the country, or of the tour's city, alone or in a list. */
export function populationIn(answer: unknown): number {
  if (!Array.isArray(answer)) return (answer as City | Country).population
  return (answer as City[]).find(({ id }) => id === CITY.id)?.population ?? Number.NaN
}

function tagsIn(answer: unknown): string[] {
  if (Array.isArray(answer)) return tagsOf(answer as City[])
  return 'code' in (answer as City | Country) ? [countryTag((answer as Country).code)] : []
}
