import type { Milliseconds } from '@lookaside/core'
import { markdownTable } from '../markdown-table.js'
import type { Figures } from './figures.js'
import type { Setting } from './setting.js'
import type { Strategy } from './strategies.js'

/** A strategy and what it has come to. */
export interface Result {
  readonly strategy: Strategy
  readonly figures: Figures
}

const HEAD = [
  'strategy',
  'reads',
  'misses',
  'loads',
  'loads per expiry',
  'most loads at once',
  'p50',
  'p99',
  'p99.9',
  'max',
  'p99 around expiries',
]

/** The results side by side; latencies are in milliseconds. */
export function resultTable(results: readonly Result[]): string {
  return markdownTable(
    HEAD,
    results.map(({ strategy, figures }) => [
      strategy.title,
      count(figures.reads),
      count(figures.misses),
      count(figures.loads),
      figures.loadsPerExpiry.toFixed(1),
      count(figures.mostLoadsAtOnce),
      ...[figures.p50, figures.p99, figures.p999, figures.max, figures.p99AroundExpiry].map(milliseconds),
    ]),
  )
}

/** What was measured, in a sentence. */
export function settingLine(setting: Setting, expiries: number): string {
  const { workers, readsPerSecond, ttl, loadTime, beta } = setting
  return `${workers} workers, each ${round(readsPerSecond)} reads/s, TTL ${ttl} ms, loads of ${loadTime} ms, β = ${beta}; ${expiries} expiries of each strategy; latencies in ms`
}

/** More than reads begin late on a machine that has nothing else to do. */
const LATE: Milliseconds = 5

/** What makes figures doubtful, a line each. */
export function doubts(results: readonly Result[]): string[] {
  return results.flatMap(({ strategy: { title }, figures: { p99Late, storeErrors, failures } }) => [
    ...(p99Late > LATE
      ? [`${title}: 1 % of the reads began more than ${milliseconds(p99Late)} ms late: the machine was busy`]
      : []),
    ...(storeErrors > 0 ? [`${title}: ${storeErrors} store calls failed or ran out of time`] : []),
    ...(failures > 0 ? [`${title}: ${failures} reads failed`] : []),
  ])
}

export function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '–' : ms.toFixed(ms < 10 ? 2 : 1)
}

function count(number: number): string {
  return number.toLocaleString('en')
}

function round(number: number): string {
  return `${Math.round(number * 10) / 10}`
}
