import { Histogram, type Quantiles } from './histogram.js'

/** Counters since the cache was created, over all its namespaces. */
export interface CacheStats {
  /** Calls answered by a fresh value. */
  readonly hits: { readonly local: number; readonly remote: number }
  /** Calls answered by a stale value within grace. */
  readonly staleHits: number
  /** Calls that found nothing fresh. */
  readonly misses: number
  /** Calls that were answered by a load which another call had started. */
  readonly sharedLoads: number
  /** Loader calls that returned; a call for many items counts each of them. */
  readonly loads: number
  /** Loader calls that failed; a call for many items counts each that did. */
  readonly loadErrors: number
  /** Loads whose result was stored. */
  readonly commits: number
  /** Loads whose result was not stored because the key changed meanwhile. */
  readonly commitsRejected: number
  /** Deletes and expires, one per key. */
  readonly invalidations: number
  /** Store calls that failed or ran out of time. */
  readonly storeErrors: number
  /** Share of calls answered by a fresh value, from 0 to 1; 0 before the first call. */
  readonly hitRate: number
  /** Latency of loader calls that returned. */
  readonly loadTime: Quantiles
  /** Latency of remote store calls that succeeded, one per round trip. */
  readonly remoteTime: Quantiles
}

/** The counters behind `CacheStats`: plain fields, so that counting costs an increment. */
export class Counters {
  localHits = 0
  remoteHits = 0
  staleHits = 0
  misses = 0
  sharedLoads = 0
  loads = 0
  loadErrors = 0
  commits = 0
  commitsRejected = 0
  invalidations = 0
  storeErrors = 0
  readonly loadTime = new Histogram()
  readonly remoteTime = new Histogram()

  snapshot(): CacheStats {
    const hits = this.localHits + this.remoteHits
    const calls = hits + this.misses
    return {
      hits: { local: this.localHits, remote: this.remoteHits },
      staleHits: this.staleHits,
      misses: this.misses,
      sharedLoads: this.sharedLoads,
      loads: this.loads,
      loadErrors: this.loadErrors,
      commits: this.commits,
      commitsRejected: this.commitsRejected,
      invalidations: this.invalidations,
      storeErrors: this.storeErrors,
      hitRate: calls === 0 ? 0 : hits / calls,
      loadTime: this.loadTime.quantiles(),
      remoteTime: this.remoteTime.quantiles(),
    }
  }
}
