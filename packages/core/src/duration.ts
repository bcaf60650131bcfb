import { CacheError, quote } from './errors.js'

/** A span of time in milliseconds. */
export type Milliseconds = number

/** An instant in milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = number

/** The units a duration string may end in. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd'

/** Milliseconds, or a number with its unit: `'250ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'7d'`. */
export type Duration = Milliseconds | `${number}${DurationUnit}`

const UNITS: Readonly<Record<string, Milliseconds>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** The longest span accepted anywhere: ten years. */
const MAX_DURATION: Milliseconds = 3_650 * 86_400_000

/**
 * Turns a duration into whole milliseconds, rounded up.
 *
 * @throws CacheError `ERR_CACHE_DURATION` when it is negative, not finite, longer than ten years, or malformed.
 *
 * @example
 * parseDuration('1.5s') // 1500
 * parseDuration(250)    // 250
 */
export function parseDuration(input: Duration, what = 'duration'): Milliseconds {
  const ms = typeof input === 'number' ? input : fromText(input)
  if (ms >= 0 && ms <= MAX_DURATION) return Math.ceil(ms)
  throw new CacheError(
    'ERR_CACHE_DURATION',
    `${what} must be milliseconds from 0 to ${MAX_DURATION} (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received ${quote(input)}`,
  )
}

function fromText(input: unknown): number {
  const match = typeof input === 'string' ? PATTERN.exec(input) : null
  if (match === null) return Number.NaN
  return Number(match[1]) * (UNITS[match[2] as string] as number)
}
