import {
  CacheError,
  checkOptions,
  type Duration,
  type Milliseconds,
  parseDuration,
  quote,
} from '@lookaside/core'

/** Checks the options of a part. @throws CacheError `ERR_CACHE_OPTION` */
export function checkPartOptions(what: string, options: unknown, known: readonly string[]): void {
  checkOptions(what, options ?? {}, known)
}

/** A span of at least 1 ms. @throws CacheError `ERR_CACHE_DURATION` or `ERR_CACHE_OPTION` */
export function positiveDuration(what: string, duration: Duration): Milliseconds {
  const ms = parseDuration(duration, what)
  if (ms > 0) return ms
  throw new CacheError('ERR_CACHE_OPTION', `${what} must be at least 1 ms; received ${quote(duration)}`)
}
