import { CacheError, type Duration, type Milliseconds, parseDuration, quote } from '@lookaside/core'

/** A span of at least 1 ms; `fallback` where none was given. @throws CacheError `ERR_CACHE_DURATION` or `ERR_CACHE_OPTION` */
export function positiveDuration(
  what: string,
  duration: Duration | undefined,
  fallback: Milliseconds,
): Milliseconds {
  if (duration === undefined) return fallback
  const ms = parseDuration(duration, what)
  if (ms > 0) return ms
  throw new CacheError('ERR_CACHE_OPTION', `${what} must be at least 1 ms; received ${quote(duration)}`)
}
