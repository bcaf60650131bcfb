import type { LoadResult } from './load.js'

const WIDTHS = [32, 10, 12, 10, 8]

/** One line of the table: what runs, and what its load has come to. */
export function reportLine(what: string, { requests, changes, queries, stale }: LoadResult): string {
  return columns([what, count(requests), count(changes), count(queries), count(stale)])
}

export function reportHead(): string {
  return columns(['', 'requests', 'of changes', 'queries', 'stale'])
}

function columns([first = '', ...rest]: readonly string[]): string {
  const cells = rest.map((text, index) => text.padStart(WIDTHS[index + 1] ?? 0))
  return `  ${first.padEnd(WIDTHS[0] ?? 0)}${cells.join('')}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}
