import type { Agreement } from './agreement.js'
import type { Backend } from './backends.js'
import type { Coherence, InMode } from './coherence.js'
import { GRACEFUL, type Herd, isOnePerValue, type Moment, UNGUARDED } from './herd.js'
import type { Herds } from './herds.js'
import type { Visit } from './report.js'
import type { Timing } from './tour.js'
import type { Seen, Write } from './write-and-read.js'

/** Something that the demo has shown, and whether it is as it should be. */
export interface Check {
  readonly what: string
  readonly holds: boolean
}

export function visitChecks({ backend, timings, write, races }: Visit): Check[] {
  const { name, keeps } = backend
  const [lookaside, plain] = races
  return [
    ...timings.flatMap(timing => timingChecks(backend, timing)),
    ...writeChecks(backend, write),
    { what: `${name}: lookaside is fresh after the race`, holds: lookaside?.fresh === true },
    ...(keeps
      ? [{ what: `${name}: a plain client is stale after the race`, holds: plain?.fresh === false }]
      : []),
  ]
}

function timingChecks({ name, keeps, local }: Backend, timing: Timing): Check[] {
  const { route, same, coldQueries, coldRequests, warmQueries, warmRequests, warmLocal } = timing
  return [
    { what: `${name}: a cold ${route} asks the database`, holds: coldQueries >= coldRequests },
    keeps
      ? { what: `${name}: a warm ${route} asks the database nothing`, holds: warmQueries === 0 }
      : { what: `${name}: ${route} asks the database each time`, holds: warmQueries >= warmRequests },
    local
      ? {
          what: `${name}: a warm ${route} is answered from memory, not ${warmLocal} of ${warmRequests}`,
          holds: warmLocal === warmRequests,
        }
      : { what: `${name}: no ${route} is answered from memory, not ${warmLocal}`, holds: warmLocal === 0 },
    { what: `${name}: a warm ${route} gives the cold answer`, holds: same },
  ]
}

function writeChecks({ name, keeps }: Backend, { cached, seen, others }: Write): Check[] {
  const all = seen.length + others.length
  return [
    keeps
      ? {
          what: `${name}: all answers are cached before the write, not ${cached} of ${all}`,
          holds: cached === all,
        }
      : { what: `${name}: no answer is cached before the write, not ${cached}`, holds: cached === 0 },
    ...seen.flatMap(({ path, after, expected, gone }) => [
      { what: `${name}: after the write ${path} shows ${expected}, not ${after}`, holds: after === expected },
      { what: `${name}: the write takes ${path} out of the cache`, holds: gone },
    ]),
    { what: `${name}: one tag takes several answers`, holds: seen.filter(isTagged).length > 1 },
    ...others.map(({ path, kept }) => ({
      what: `${name}: the write leaves ${path} in the cache`,
      holds: kept,
    })),
  ]
}

function isTagged({ tags }: Seen): boolean {
  return tags.length > 0
}

/** None where there is no Redis. */
export function coherenceChecks(seen: Coherence | undefined): Check[] {
  if (seen === undefined) return []
  const { pids, modes } = seen
  return [
    { what: 'A and B are two processes, beside this one', holds: new Set([process.pid, ...pids]).size === 3 },
    ...modes.flatMap(modeChecks),
  ]
}

function modeChecks({ mode, asked, took, byKey, byTag, plainDelete }: InMode): Check[] {
  const { localHits, roundTrips, queries } = took
  return [
    {
      what: `${mode}: B answers ${localHits} of ${asked} times from memory`,
      holds: localHits === asked,
    },
    {
      what: `${mode}: that takes no I/O, not ${roundTrips} round trips and ${queries} queries`,
      holds: roundTrips === 0 && queries === 0,
    },
    ...agreementChecks(`${mode}: after a write to A, by key,`, byKey),
    ...agreementChecks(`${mode}: after a write to A, by tag,`, byTag),
    ...(plainDelete === undefined ? [] : agreementChecks(`${mode}: after a plain DEL`, [plainDelete])),
  ]
}

function agreementChecks(when: string, all: readonly Agreement[]): Check[] {
  return [
    { what: `${when} B shows what was written`, holds: all.length > 0 && all.every(({ agrees }) => agrees) },
    { what: `${when} it was the memory of B that had to learn of it`, holds: all.every(({ held }) => held) },
  ]
}

export function herdChecks({ backend, herds }: Herds): Check[] {
  return herds.flatMap(herd => herd.moments.flatMap(moment => momentChecks(backend, herd, moment)))
}

function momentChecks({ name, keeps }: Backend, { protection, storeErrors }: Herd, moment: Moment): Check[] {
  const { when, callers, right, queries, stored, waited } = moment
  const of = `${name}: ${protection.name}, when ${when}:`
  const but = storeErrors > 0 ? `, but ${storeErrors} calls to the server had no answer in time` : ''
  const answered = { what: `${of} ${right} of ${callers} callers get the answer`, holds: right === callers }
  if (!keeps) {
    return [
      answered,
      { what: `${of} all of them ask the database, not ${queries}`, holds: queries === callers },
    ]
  }
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
