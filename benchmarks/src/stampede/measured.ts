import type { Milliseconds } from '@lookaside/core'
import type { Recording } from './recording.js'
import type { Setting } from './setting.js'

/** The life of a value that was replaced by another one. */
interface Turnover {
  /** When the old value expires, or would have. */
  readonly expiry: Milliseconds
  /** When the first load of the new one began. */
  readonly firstLoad: Milliseconds
}

/** A read: when it was meant to begin, how long after that it did, and how long after that it was answered. */
interface Read {
  readonly at: Milliseconds
  readonly late: Milliseconds
  readonly latency: Milliseconds
}

/** A recording cut to whole turnovers: from the middle of the first value's life to the middle of the last one's. */
export interface Measured {
  readonly reads: readonly Read[]
  readonly loads: readonly { readonly begin: Milliseconds; readonly end: Milliseconds }[]
  readonly turnovers: readonly Turnover[]
  readonly misses: number
  readonly storeErrors: number
  readonly failures: readonly string[]
}

/**
 * What happened in `expiries` turnovers after the first value was stored, which is the warm-up.
 *
 * @throws Error where fewer values were stored.
 */
export function measured(recording: Recording, { ttl, loadTime }: Setting, expiries: number): Measured {
  const commits = recording.commits.slice(0, expiries + 1)
  const [first, last] = [commits[0], commits[expiries]]
  if (first === undefined || last === undefined) {
    const errors = recording.storeErrors.length
    throw new Error(
      `only ${commits.length} of ${expiries + 1} values were stored in time, and ${errors} store calls failed: is the machine busy with something else?`,
    )
  }
  const [from, to] = [first + ttl / 2, last + ttl / 2]
  const within = (at: number) => at >= from && at < to
  const { reads } = recording
  const loads = recording.loads.begin
    .map((begin, index) => ({ begin, end: recording.loads.end[index] ?? begin }))
    .filter(({ begin }) => within(begin))
    .sort((a, b) => a.begin - b.begin)
  return {
    reads: reads.at
      .map((at, index) => ({ at, late: reads.late[index] ?? 0, latency: reads.latency[index] ?? 0 }))
      .filter(({ at }) => within(at)),
    loads,
    turnovers: commits.slice(0, -1).map(stored => ({
      expiry: stored + ttl,
      // Who missed the old value may have begun to load after that.
      firstLoad: loads.find(({ begin }) => begin > stored + loadTime)?.begin ?? stored + ttl,
    })),
    misses: recording.misses.filter(within).length,
    storeErrors: recording.storeErrors.filter(within).length,
    failures: recording.failures,
  }
}
