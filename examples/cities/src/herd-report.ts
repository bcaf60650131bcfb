import { MOMENTS, type Moment, PROTECTIONS, paceOf, UNGUARDED } from './herd.js'
import type { Herds } from './herds.js'
import { bold, count, dim, duration, green, heading, red, table } from './screen.js'
import { CITY } from './tour.js'

/** Longer bars end in an ellipsis. */
const LONGEST_BAR = 24

/** One backend in full: the crowd's three visits, each without the guard and with it. */
export function showHerds({ backend, caches, queryTime, herds }: Herds): void {
  const { ttl, every } = paceOf(queryTime)
  const [where, whom] =
    caches === 1
      ? ['in memory', 'for them.']
      : [
          `in ${backend.name}`,
          `one of ${caches} caches, which share nothing but ${backend.name}, as processes do.`,
        ]
  heading(
    '4  The herd',
    `The totals of ${CITY.countryName} take the database ${duration(queryTime)} and stay in the cache, ${where}, for ${duration(ttl)}.`,
    `Every ${duration(every)} somebody asks ${whom}`,
    'Each ▇ is a query that reaches the database.',
  )
  table('llrlrrr', [
    ['', '', '', 'queries', 'callers who wait', 'median', 'longest'].map(dim),
    ...MOMENTS.flatMap((when, index) =>
      herds.flatMap(({ protection, moments }, row) => {
        const moment = moments[index]
        if (moment === undefined) return []
        const { queries, waited, callers, median, longest } = moment
        return [
          [
            row === 0 ? when : '',
            protection.name,
            bold(count(queries)),
            bar(moment),
            `${waited === 0 ? green('0') : waited} of ${callers}`,
            duration(median),
            duration(longest),
          ],
        ]
      }),
    ),
  ])
}

/** A row for each protection, three cells for each backend: queries, the longest wait at an expiry, nothing. */
export function herdRows(backends: readonly Herds[]): string[][] {
  return PROTECTIONS.map((protection, index) => [
    `herd, ${protection.name}`,
    ...backends.flatMap(({ herds }) => {
      const moments = herds[index]?.moments ?? []
      const queries = moments.reduce((total, moment) => total + moment.queries, 0)
      const longest = Math.max(...moments.slice(1).map(moment => moment.longest))
      const colour = protection === UNGUARDED ? red : green
      return [colour(count(queries)), duration(longest), '']
    }),
  ])
}

function bar({ queries, stored }: Moment): string {
  const blocks = '▇'.repeat(Math.min(queries, LONGEST_BAR)) + (queries > LONGEST_BAR ? '…' : '')
  return queries > stored ? red(blocks) : green(blocks)
}
