import type { Backend } from './backends.js'
import { herdRows } from './herd-report.js'
import type { Herds } from './herds.js'
import type { RaceResult } from './race.js'
import { bold, count, dim, duration, green, heading, print, red, table, times } from './screen.js'
import { cityKey } from './service.js'
import { CITY, QUESTIONS, type Timing } from './tour.js'
import { type Other, type Seen, TAG, type Write } from './write-and-read.js'

/** Everything the demo has seen of the service on one backend. */
export interface Visit {
  readonly backend: Backend
  readonly timings: readonly Timing[]
  readonly write: Write
  /** Of lookaside, then of a plain client; there is none where nothing is kept. */
  readonly races: readonly RaceResult[]
}

export function showTimings({ backend, timings }: Visit): void {
  const [cold, warm] = [timings[0]?.coldRequests, timings[0]?.warmRequests]
  heading(
    `1  Each question over HTTP, cached in ${backend.name}`,
    `Medians of ${cold} cold and ${warm} warm requests, and the database queries that all of them took.`,
  )
  table('llrrrr', [
    ['', '', 'cold', 'warm', 'faster', 'queries'].map(dim),
    ...timings.map(timing => [
      timing.route,
      dim(timing.work),
      duration(timing.cold),
      green(duration(timing.warm)),
      bold(times(timing.cold / timing.warm)),
      `${timing.coldQueries} → ${green(`${timing.warmQueries}`)}`,
    ]),
  ])
}

export function showWrite({ write: { seen, others, cached } }: Visit): void {
  const growth = seen[0] === undefined ? 0 : seen[0].expected - seen[0].before
  heading(
    '2  A write, by tag',
    `PUT /cities/${CITY.id}: ${CITY.name} grows by ${count(growth)}. Of the ${seen.length + others.length} answers of this tour ${cached} were cached.`,
    `The write deletes a key, that of the row, and a tag, that of all answers with ${CITY.countryName} in them.`,
  )
  table('lrrll', [
    ['population in', 'before', 'after', '', ''].map(dim),
    ...seen.map(each => [
      decodeURIComponent(each.path),
      count(each.before),
      count(each.after),
      isNew(each) ? green('new') : red('not as written'),
      goneWith(each),
    ]),
  ])
  print()
  print(
    `  ${bold(`One tag took ${seen.filter(isTaken).length} answers with it.`)} Of other countries ${keptOf(others)} are still cached, and unchanged.`,
  )
}

/** What the write has deleted that this answer needs, and the tags that it has beside. */
function goneWith({ tags, gone }: Seen): string {
  if (!gone) return red('still cached')
  if (tags.length === 0) return `key ${cityKey(CITY.id)}`
  const beside = tags.filter(tag => tag !== TAG)
  return `tag ${TAG}${beside.length === 0 ? '' : dim(` (beside ${beside.join(' and ')})`)}`
}

export function showRaces(visits: readonly Visit[]): void {
  heading(
    '3  The race',
    `A reader misses and asks the database for the population of ${CITY.countryName}. Before the answer is`,
    'back, a write commits and invalidates. Then the reader stores what it has read: the old sum.',
  )
  table('llrrl', [
    ['', '', 'database', 'next read', ''].map(dim),
    ...visits.flatMap(({ backend, races }) =>
      races.map(({ contender, database, nextRead, fresh }, index) => [
        index === 0 ? backend.name : '',
        contender,
        count(database),
        count(nextRead),
        fresh ? green('fresh') : red('stale, until its TTL ends'),
      ]),
    ),
  ])
}

export function showSideBySide(visits: readonly Visit[], herds: readonly Herds[]): void {
  const row = (what: string, cell: (visit: Visit) => string) => [what, ...visits.map(cell)]
  heading(
    '6  The same service, another CACHE_CONFIG',
    'Warm median of each question, and how many times faster than cold. Of a herd its queries, and the',
    'longest that a caller has waited at an expiry; with the cache off it comes once, and all ask.',
  )
  table(`l${'r'.repeat(visits.length)}`, [
    row('', ({ backend }) => bold(backend.name)),
    ...QUESTIONS.flatMap(({ route }, index) => [
      row(route, ({ backend, timings }) =>
        (backend.keeps ? green : red)(duration(timings[index]?.warm ?? Number.NaN)),
      ),
      row(dim('  times faster'), ({ backend, timings }) =>
        backend.keeps ? bold(faster(timings[index])) : NONE,
      ),
    ]),
    row('queries, warm', ({ timings }) => shareOf(timings, ({ warmQueries }) => warmQueries)),
    row('answers from memory', ({ timings }) => shareOf(timings, ({ warmLocal }) => warmLocal)),
    row('write is seen in', ({ write: { seen } }) => `${seen.filter(isNew).length} of ${seen.length}`),
    row('gone with one tag', ({ backend, write: { seen } }) =>
      backend.keeps ? `${seen.filter(isTaken).length}` : NONE,
    ),
    row('others, still cached', ({ backend, write }) => (backend.keeps ? keptOf(write.others) : NONE)),
    row('race, lookaside', ({ races }) => outcome(races[0])),
    row('race, plain client', ({ races }) => outcome(races[1])),
    ...herdRows(herds),
  ])
}

/** There is nothing of that kind. */
const NONE = '–'

function faster(timing: Timing | undefined): string {
  return timing === undefined ? NONE : times(timing.cold / timing.warm)
}

function shareOf(timings: readonly Timing[], what: (timing: Timing) => number): string {
  return `${Math.round((100 * sum(timings.map(what))) / sum(timings.map(each => each.warmRequests)))} %`
}

function isNew({ after, expected }: Seen): boolean {
  return after === expected
}

function isTaken({ tags, gone }: Seen): boolean {
  return gone && tags.includes(TAG)
}

function keptOf(others: readonly Other[]): string {
  return `${others.filter(({ kept }) => kept).length} of ${others.length}`
}

function outcome(result: RaceResult | undefined): string {
  if (result === undefined) return NONE
  return result.fresh ? green('fresh') : red('stale')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
