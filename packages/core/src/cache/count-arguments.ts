import { type Duration, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { checkOptions } from '../options/options.js'
import type { IncrementOptions } from '../tiers/store.js'
import { LARGEST_COUNT } from '../values/counter.js'
import type { CountOptions } from './call-options.js'
import type { Settings } from './settings.js'

/** How much to add. @throws CacheError `ERR_CACHE_OPTION` for anything but an integer. */
export function checkStep(by: number | bigint): bigint {
  const whole = typeof by === 'bigint' || Number.isSafeInteger(by)
  const step = whole ? BigInt(by) : undefined
  if (step !== undefined && step <= LARGEST_COUNT && step >= -LARGEST_COUNT) return step
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `increment adds a safe integer, or a bigint from -(2^63 - 1) to 2^63 - 1; received ${quote(by)}`,
  )
}

/** What a new counter begins with, and how long it lives. @throws CacheError */
export function checkCountOptions(options: CountOptions | undefined, settings: Settings): IncrementOptions {
  checkOptions('increment', options, ['initial', 'ttl'])
  const { initial = 0, ttl } = options ?? {}
  const whole = typeof initial === 'bigint' || Number.isSafeInteger(initial)
  if (!whole || initial < 0 || initial > LARGEST_COUNT) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `initial must be a safe integer or a bigint, from 0 to 2^63 - 1; received ${quote(initial)}`,
    )
  }
  return { initial: BigInt(initial), ttl: checkTtl(ttl, settings) }
}

/** The count as the caller wants it: a number where it gave one. @throws CacheError `ERR_CACHE_COUNTER` */
export function countFor(by: number | bigint, key: string, count: bigint): number | bigint {
  if (typeof by === 'bigint') return count
  const exact = Number(count)
  if (Number.isSafeInteger(exact)) return exact
  throw new CacheError(
    'ERR_CACHE_COUNTER',
    `${quote(key)} was counted and is ${count}, which no number holds exactly; count it with a bigint: increment(key, ${by}n)`,
  )
}

function checkTtl(given: Duration | undefined, settings: Settings): number {
  const ttl = given === undefined ? settings.ttl : parseDuration(given, 'ttl')
  if (ttl >= 1) return ttl
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `a counter must live for at least 1 ms; received a ttl of ${quote(given ?? ttl)}: 0 would store nothing`,
  )
}
