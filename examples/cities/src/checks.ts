import { GRACEFUL, type Herd, isOnePerValue, type Moment, UNGUARDED } from './herd.js'
import type { Herds } from './herds.js'
import type { Visit } from './report.js'

/** Something that the demo has shown, and whether it is as it should be. */
export interface Check {
  readonly what: string
  readonly holds: boolean
}

export function visitChecks({ backend: { name }, timings, seen, races }: Visit): Check[] {
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

export function herdChecks({ backend, herds }: Herds): Check[] {
  return herds.flatMap(herd => herd.moments.flatMap(moment => momentChecks(backend.name, herd, moment)))
}

function momentChecks(backend: string, { protection, storeErrors }: Herd, moment: Moment): Check[] {
  const { when, callers, right, queries, stored, waited } = moment
  const of = `${backend}: ${protection.name}, when ${when}:`
  const but = storeErrors > 0 ? `, but ${storeErrors} calls to the server had no answer in time` : ''
  const answered = { what: `${of} ${right} of ${callers} callers get the answer`, holds: right === callers }
  if (protection === UNGUARDED) {
    return [answered, { what: `${of} the crowd is a herd, of ${queries} queries`, holds: queries > 1 }]
  }
  return [
    answered,
    {
      what: `${of} one query for each value, not ${queries} for ${stored}${but}`,
      holds: isOnePerValue(moment),
    },
    ...(protection === GRACEFUL && when !== 'nothing is cached'
      ? [{ what: `${of} nobody waits, not ${waited} callers${but}`, holds: waited === 0 }]
      : []),
  ]
}
