import { count, quartiles, times } from './format.js'
import type { Spread } from './interleaved.js'
import type { BarChart, Table } from './section.js'

/** Calls per second of a contestant. */
export interface Rate {
  readonly name: string
  readonly spread: Spread
  /** What it does more or less than the others. */
  readonly differs: string
}

/** Rates side by side, the highest first, each as a ratio to ours too. */
export function rateTable(caption: string, rates: readonly Rate[], ours: string): Table {
  const reference = rates.find(({ name }) => name === ours)?.spread.median ?? Number.NaN
  return {
    caption,
    head: ['', 'calls/s', 'quartiles', 'ns a call', 'against ours', 'what differs'],
    rows: sorted(rates).map(({ name, spread, differs }) => [
      name,
      count(spread.median),
      quartiles(spread),
      count(1e9 / spread.median),
      times(spread.median / reference),
      differs,
    ]),
  }
}

export function rateChart(
  file: string,
  title: string,
  rates: readonly Rate[],
  isOurs: (name: string) => boolean,
): BarChart {
  const bars = sorted(rates).map(({ name, spread: { median, low, high } }) => ({
    label: name,
    value: median,
    low,
    high,
    ours: isOurs(name),
  }))
  return { kind: 'bars', file, title, unit: 'calls/s', bars }
}

function sorted(rates: readonly Rate[]): Rate[] {
  return [...rates].sort((one, other) => other.spread.median - one.spread.median)
}
