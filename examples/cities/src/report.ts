import type { Backend } from './backends.js'
import { herdRows } from './herd-report.js'
import type { Herds } from './herds.js'
import type { RaceResult } from './race.js'
import { bold, count, dim, duration, green, heading, red, table, times } from './screen.js'
import { CITY, QUESTIONS, type Seen, type Timing } from './tour.js'

/** Everything the demo has seen of the service on one backend. */
export interface Visit {
  readonly backend: Backend
  readonly timings: readonly Timing[]
  readonly seen: readonly Seen[]
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

export function showWrite({ seen }: Visit): void {
  const growth = seen[0] === undefined ? 0 : seen[0].expected - seen[0].before
  heading(
    '2  A write, and the next read',
    `PUT /cities/${CITY.id}: ${CITY.name} grows by ${count(growth)}. All four answers were cached.`,
  )
  table('lrrl', [
    ['population in', 'before', 'after', ''].map(dim),
    ...seen.map(each => [
      each.path,
      count(each.before),
      count(each.after),
      isNew(each) ? green('new') : red('not as written'),
    ]),
  ])
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
  heading(
    '5  The same service, another CACHE_URL',
    'Cold and warm median of each question, and how many times faster. Of a herd its queries, and',
    'the longest that a caller has waited at an expiry.',
  )
  table(`l${'rrr'.repeat(visits.length)}`, [
    ['', ...middle(visits, ({ backend }) => bold(backend.name))],
    ...QUESTIONS.map(({ route }, index) => [
      route,
      ...visits.flatMap(({ timings }) => {
        const timing = timings[index]
        if (timing === undefined) return ['', '', '']
        return [duration(timing.cold), green(duration(timing.warm)), bold(times(timing.cold / timing.warm))]
      }),
    ]),
    [
      'queries, warm',
      ...middle(visits, ({ timings }) => `${sum(timings.map(({ warmQueries }) => warmQueries))}`),
    ],
    ['write is seen', ...middle(visits, ({ seen }) => `${seen.filter(isNew).length} of ${seen.length}`)],
    ['race, lookaside', ...middle(visits, ({ races }) => outcome(races[0]))],
    ['race, plain client', ...middle(visits, ({ races }) => outcome(races[1]))],
    ...herdRows(herds),
  ])
}

/** One cell per visit, in the middle of its three columns. */
function middle(visits: readonly Visit[], cell: (visit: Visit) => string): string[] {
  return visits.flatMap(visit => ['', cell(visit), ''])
}

function isNew({ after, expected }: Seen): boolean {
  return after === expected
}

function outcome(result: RaceResult | undefined): string {
  return result?.fresh ? green('fresh') : red('stale')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
