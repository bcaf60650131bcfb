import type { Backend } from './backends.js'
import { MOMENTS, type Moment, PROTECTIONS, type Protection, paceOf, UNGUARDED } from './herd.js'
import type { Herds } from './herds.js'
import { bold, count, dim, duration, green, heading, red, table } from './screen.js'
import { CITY } from './tour.js'

/** Longer bars end in an ellipsis. */
const LONGEST_BAR = 24

/** One backend in full: the crowd's three visits, each without the guard and with it. */
export function showHerds({ backend, caches, queryTime, herds }: Herds): void {
  const { ttl, every } = paceOf(queryTime)
  const shared = backend.server === 'memcached' ? 'memcached' : 'Redis'
  const [where, whom] =
    caches === 1
      ? ['in memory', 'for them.']
      : [`in ${shared}`, `one of ${caches} caches, which share nothing but ${shared}, as processes do.`]
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

/** Rows with a cell for each backend: the queries under each protection, then the longest wait at an expiry. */
export function herdRows(backends: readonly Herds[]): string[][] {
  const rows = (
    what: string,
    cell: (moments: readonly Moment[]) => string,
    colourOf: (protection: Protection, backend: Backend) => (text: string) => string,
  ) =>
    PROTECTIONS.map((protection, index) => [
      `${what}, ${protection.name}`,
      ...backends.map(({ backend, herds }) =>
        colourOf(protection, backend)(cell(herds[index]?.moments ?? [])),
      ),
    ])
  return [
    ...rows(
      'herd',
      moments => count(moments.reduce((total, { queries }) => total + queries, 0)),
      (protection, { keeps }) => (protection === UNGUARDED || !keeps ? red : green),
    ),
    ...rows(
      'wait',
      moments => duration(Math.max(...atExpiry(moments).map(({ longest }) => longest))),
      () => text => text,
    ),
  ]
}

/** Without the first, cold one; where nothing is kept there is no other. */
function atExpiry(moments: readonly Moment[]): readonly Moment[] {
  return moments.length > 1 ? moments.slice(1) : moments
}

function bar({ queries, stored }: Moment): string {
  const blocks = '▇'.repeat(Math.min(queries, LONGEST_BAR)) + (queries > LONGEST_BAR ? '…' : '')
  return queries > stored ? red(blocks) : green(blocks)
}
