import type { Milliseconds } from '@lookaside/core'
import { quantile, sort } from '../quantile.js'
import { mostAtOnce } from './loads-at-once.js'
import type { Measured } from './measured.js'
import type { Setting } from './setting.js'

/** What a strategy has come to; latencies count from when a read was meant to begin. */
export interface Figures {
  readonly expiries: number
  readonly reads: number
  /** Reads that found nothing fresh. */
  readonly misses: number
  readonly loads: number
  readonly loadsPerExpiry: number
  /** Over all workers. */
  readonly mostLoadsAtOnce: number
  readonly p50: Milliseconds
  readonly p99: Milliseconds
  readonly p999: Milliseconds
  readonly max: Milliseconds
  /** Of the reads within one load time of an expiry, or of the first load that replaced the value. */
  readonly p99AroundExpiry: Milliseconds
  /** Of all other reads. */
  readonly p99Elsewhere: Milliseconds
  /** How late reads began: not the cache's doing, but that of a busy machine. */
  readonly p99Late: Milliseconds
  /** Store calls that failed or ran out of time. */
  readonly storeErrors: number
  /** Reads that rejected. */
  readonly failures: number
}

export function figuresOf(measured: Measured, { loadTime }: Setting): Figures {
  const { reads, loads, turnovers, misses, storeErrors, failures } = measured
  const critical = turnovers.flatMap(({ expiry, firstLoad }) => [expiry, firstLoad])
  const isNear = (at: Milliseconds) => critical.some(instant => Math.abs(at - instant) <= loadTime)
  const latencies = (some: Measured['reads']) => sort(some.map(({ latency }) => latency))
  const all = latencies(reads)
  return {
    expiries: turnovers.length,
    reads: reads.length,
    misses,
    loads: loads.length,
    loadsPerExpiry: loads.length / turnovers.length,
    mostLoadsAtOnce: mostAtOnce(loads),
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    p999: quantile(all, 0.999),
    max: quantile(all, 1),
    p99AroundExpiry: quantile(latencies(reads.filter(({ at }) => isNear(at))), 0.99),
    p99Elsewhere: quantile(latencies(reads.filter(({ at }) => !isNear(at))), 0.99),
    p99Late: quantile(sort(reads.map(({ late }) => late)), 0.99),
    storeErrors,
    failures: failures.length,
  }
}
