import type { Milliseconds } from '@lookaside/core'
import { quantile, sort } from '../quantile.js'
import { loadsAtOnce } from './loads-at-once.js'
import type { Measured } from './measured.js'
import type { Setting } from './setting.js'

/** The reads and loads of all expiries, laid over each other by the time to expiry and cut into bins. */
export interface Bin {
  /** From the expiry to the middle of the bin; before it negative. */
  readonly at: Milliseconds
  readonly p50: Milliseconds
  readonly p99: Milliseconds
  /** The most loads at once, at any of the expiries. */
  readonly loads: number
}

/** What part of a value's life the picture shows, in load times before and after its expiry. */
export const SHOWN = { before: 9, after: 3 }

const BINS_PER_LOAD_TIME = 5

export function binned({ reads, loads, turnovers }: Measured, { loadTime }: Setting): Bin[] {
  const width = loadTime / BINS_PER_LOAD_TIME
  const start = -SHOWN.before * loadTime
  const size = (SHOWN.before + SHOWN.after) * BINS_PER_LOAD_TIME
  const latencies: number[][] = Array.from({ length: size }, () => [])
  const most = new Array<number>(size).fill(0)
  for (const { expiry } of turnovers) {
    const binOf = (at: Milliseconds) => Math.floor((at - expiry - start) / width)
    for (const { at, latency } of reads) latencies[binOf(at)]?.push(latency)
    let before: { at: Milliseconds; running: number } = { at: Number.NEGATIVE_INFINITY, running: 0 }
    for (const change of loadsAtOnce(loads)) {
      const last = Math.min(size - 1, binOf(change.at))
      for (let bin = Math.max(0, binOf(before.at)); bin <= last; bin++) {
        most[bin] = Math.max(most[bin] ?? 0, before.running)
      }
      before = change
    }
  }
  return latencies.map((some, bin) => {
    const sorted = sort(some)
    return {
      at: start + (bin + 0.5) * width,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      loads: most[bin] ?? 0,
    }
  })
}
