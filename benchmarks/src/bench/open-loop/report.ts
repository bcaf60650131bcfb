import type { Milliseconds } from '@lookaside/core'
import type { Goal, Table } from '../section.js'
import type { Measured } from './measure.js'
import { EXPIRING, LOAD_TIME, type Scenario } from './scenarios.js'

/** A scenario and how everybody came through it. */
export interface Result {
  readonly scenario: Scenario
  readonly rows: readonly Measured[]
}

/** If the load generator alone is later than that, or a process is not running that much of the time, figures tell nothing. */
const DOUBTFUL = { late: 1, suspended: 0.02 }

export function tableOf({ scenario, rows }: Result): Table {
  return {
    caption: `${scenario.name}: ${scenario.what}`,
    head: [
      'subject',
      'requests',
      'origin calls per 1,000',
      'at once for a key',
      'waited for a load, per 1,000',
      'p50 ms',
      'p99 ms',
      'p99.9 ms',
      'begun late, p99 ms',
    ],
    rows: rows.map(row => [
      row.name,
      row.requests.toLocaleString('en'),
      ((1_000 * row.originCalls) / row.requests).toFixed(2),
      row.mostForOneKey.toString(),
      ((1_000 * row.waited) / row.requests).toFixed(2),
      inMs(row.p50),
      inMs(row.p99),
      inMs(row.p999),
      inMs(row.lateP99),
    ]),
    notes: notesOf({ scenario, rows }),
  }
}

function inMs(time: Milliseconds): string {
  return time.toFixed(time < 1 ? 3 : 1)
}

function notesOf({ scenario, rows }: Result): readonly string[] {
  const notes: string[] = []
  const generator = rows.find(({ role }) => role === 'generator')
  if (generator !== undefined && generator.lateP99 > DOUBTFUL.late) {
    notes.push(
      `DOUBTFUL latencies: the load generator alone was late by ${inMs(generator.lateP99)} ms (p99).`,
    )
  }
  const suspended = rows.filter(row => row.suspended > DOUBTFUL.suspended)
  if (suspended.length > 0) {
    const most = Math.round(100 * Math.max(...suspended.map(row => row.suspended)))
    notes.push(
      `DOUBTFUL latencies: other programs had the processor of ${suspended.length} of the ${rows.length} subjects, for up to ${most} % of the time.`,
    )
  }
  for (const { name, tooOld, failed, failures } of rows) {
    if (tooOld > 0)
      notes.push(`${name}: ${tooOld} got a value older than its TTL of ${scenario.ttl / 1_000} s.`)
    if (failed > 0) notes.push(`${name}: ${failed} failed: ${failures.join('; ')}`)
  }
  return notes
}

export function goalsOf(results: readonly Result[]): readonly Goal[] {
  const ours = results.flatMap(({ rows }) => rows.filter(({ role }) => role === 'ours'))
  const expiring = results
    .filter(({ scenario }) => scenario.name === EXPIRING)
    .flatMap(({ rows }) => rows.filter(({ role }) => role === 'ours'))
  const most = (figure: (row: Measured) => number) => Math.max(...ours.map(figure))
  return [
    {
      name: 'open loop: loads at once for a key',
      value: most(({ mostForOneKey }) => mostForOneKey),
      goal: 1,
      bound: 'at most',
      unit: 'loads',
      checked: false,
    },
    {
      name: 'open loop: requests that failed, or got a value older than its TTL',
      value: most(({ failed, tooOld }) => failed + tooOld),
      goal: 0,
      bound: 'at most',
      unit: 'requests',
      checked: true,
    },
    ...expiring.map(
      ({ name, waited, requests }): Goal => ({
        name: `expiring hot set: requests of ${name} that waited for a load`,
        value: (1_000 * waited) / requests,
        goal: 5,
        bound: 'at most',
        unit: 'of 1,000',
        checked: false,
      }),
    ),
    ...expiring.map(
      ({ name, p99 }): Goal => ({
        name: `expiring hot set: p99 of ${name}, of what a load takes`,
        value: p99 / LOAD_TIME,
        goal: 0.1,
        bound: 'at most',
        unit: '×',
        checked: false,
      }),
    ),
  ]
}
