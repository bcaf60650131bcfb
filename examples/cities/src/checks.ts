import type { Agreement } from './agreement.js'
import type { Coherence, InMode } from './coherence.js'
import { GRACEFUL, type Herd, isOnePerValue, type Moment, UNGUARDED } from './herd.js'
import type { Herds } from './herds.js'
import type { Visit } from './report.js'
import type { Seen, Write } from './write-and-read.js'

/** Something that the demo has shown, and whether it is as it should be. */
export interface Check {
  readonly what: string
  readonly holds: boolean
}

export function visitChecks({ backend: { name }, timings, write, races }: Visit): Check[] {
  const [lookaside, plain] = races
  return [
    ...timings.flatMap(({ route, same, coldQueries, coldRequests, warmQueries }) => [
      { what: `${name}: a cold ${route} asks the database`, holds: coldQueries >= coldRequests },
      { what: `${name}: a warm ${route} asks the database nothing`, holds: warmQueries === 0 },
      { what: `${name}: a warm ${route} gives the cold answer`, holds: same },
    ]),
    ...writeChecks(name, write),
    { what: `${name}: lookaside is fresh after the race`, holds: lookaside?.fresh === true },
    { what: `${name}: a plain client is stale after the race`, holds: plain?.fresh === false },
  ]
}

function writeChecks(backend: string, { cached, seen, others }: Write): Check[] {
  return [
    { what: `${backend}: all answers are cached before the write`, holds: cached },
    ...seen.flatMap(({ path, after, expected, gone }) => [
      {
        what: `${backend}: after the write ${path} shows ${expected}, not ${after}`,
        holds: after === expected,
      },
      { what: `${backend}: the write takes ${path} out of the cache`, holds: gone },
    ]),
    { what: `${backend}: one tag takes several answers`, holds: seen.filter(isTagged).length > 1 },
    ...others.map(({ path, kept }) => ({
      what: `${backend}: the write leaves ${path} in the cache`,
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
