import {
  CacheError,
  type Clock,
  checkOptions,
  type Duration,
  type Milliseconds,
  parseDuration,
  quote,
  systemClock,
} from '@lookaside/core'

/** How `memoize` remembers results. */
export interface MemoizeOptions<A extends unknown[] = never[]> {
  /**
   * How many results are kept; one more drops the one that was used longest ago.
   *
   * An integer from 1 to 16777216 (2^24, the most that a JavaScript `Map` holds).
   *
   * @default 1000
   */
  readonly maxEntries?: number | undefined
  /**
   * How long a result is returned, counted from the end of its call; at least 1 ms.
   *
   * @default as long as it is kept
   */
  readonly ttl?: Duration | undefined
  /**
   * What tells one call from another: a function of the arguments. Calls with the same key, by `Object.is`, have the
   * same result.
   *
   * @default the arguments themselves, each by `Object.is`, and their number
   */
  readonly key?: ((...args: A) => unknown) | undefined
  /** Where time comes from. @default the machine's */
  readonly clock?: Pick<Clock, 'monotonic'> | undefined
}

/** The options of `memoize`, checked. */
export interface MemoizeSettings {
  readonly maxEntries: number
  readonly ttl: Milliseconds
  readonly key: ((...args: never[]) => unknown) | undefined
  readonly clock: Pick<Clock, 'monotonic'>
}

const DEFAULT_MAX_ENTRIES = 1_000
const MAX_ENTRIES = 2 ** 24

/** @throws CacheError `ERR_CACHE_OPTION`, or `ERR_CACHE_DURATION` for a `ttl` that is none. */
export function checkMemoizeOptions(options: MemoizeOptions): MemoizeSettings {
  checkOptions('memoize', options, ['maxEntries', 'ttl', 'key', 'clock'])
  const { maxEntries = DEFAULT_MAX_ENTRIES, ttl, key, clock = systemClock } = options
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MAX_ENTRIES) {
    refuse(`'maxEntries' must be an integer from 1 to ${MAX_ENTRIES}; received ${quote(maxEntries)}`)
  }
  if (key !== undefined && typeof key !== 'function') {
    refuse(`'key' must be a function of the arguments; received ${quote(key)}`)
  }
  if (typeof clock?.monotonic !== 'function') {
    refuse(`'clock' must have the method monotonic; received ${quote(clock)}`)
  }
  return { maxEntries, ttl: checkTtl(ttl), key, clock }
}

function checkTtl(ttl: Duration | undefined): Milliseconds {
  if (ttl === undefined) return Number.POSITIVE_INFINITY
  const ms = parseDuration(ttl, "memoize: 'ttl'")
  if (ms > 0) return ms
  return refuse(
    `'ttl' must be at least 1 ms; received ${quote(ttl)}. Leave it out to keep results, call the function itself to keep none`,
  )
}

function refuse(message: string): never {
  throw new CacheError('ERR_CACHE_OPTION', `memoize: ${message}`)
}
