import type { BarChart } from '../section.js'
import type { Measured } from './measure.js'
import type { Result } from './report.js'
import { EXPIRING } from './scenarios.js'

/** What callers wait, and how many wait for a load, while keys expire that are in use. */
export function chartsOf(results: readonly Result[]): readonly BarChart[] {
  const expiring = results.find(({ scenario }) => scenario.name === EXPIRING)
  if (expiring === undefined) return []
  const rows = expiring.rows.filter(({ role }) => role !== 'generator')
  return [
    bars(
      'open-loop-p99.svg',
      'Expiring hot set: 99 of 100 requests are answered within',
      'ms',
      rows,
      row => row.p99,
    ),
    bars(
      'open-loop-waits.svg',
      'Expiring hot set: of 1,000 requests wait for a load',
      'requests',
      rows,
      row => (1_000 * row.waited) / row.requests,
    ),
  ]
}

function bars(
  file: string,
  title: string,
  unit: string,
  rows: readonly Measured[],
  figure: (row: Measured) => number,
): BarChart {
  return {
    kind: 'bars',
    file,
    title,
    unit,
    bars: rows.map(row => ({ label: row.name, value: figure(row), ours: row.role.startsWith('ours') })),
  }
}
