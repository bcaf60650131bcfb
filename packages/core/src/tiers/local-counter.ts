import { CacheError, quote } from '../errors.js'
import { LARGEST_COUNT } from '../values/counter.js'

/** Stands in an entry's value where a remote store would hold the digits of a counter, without a frame. */
export class LocalCounter {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/** Digits that may be counted on from: no other program would write `007` for a count. */
const COUNT = /^(?:0|[1-9]\d*)$/

/**
 * The counter after adding `by`; it stops at 0 below.
 *
 * @throws CacheError `ERR_CACHE_COUNTER` where it would pass 2^63 - 1, or `held` is no counter.
 */
export function counted(key: string, held: unknown, by: bigint): LocalCounter {
  const digits = held instanceof LocalCounter && COUNT.test(held.digits) ? held.digits : undefined
  const count = digits === undefined ? undefined : BigInt(digits)
  if (count === undefined || count > LARGEST_COUNT) {
    const what = held instanceof LocalCounter ? quote(held.digits) : 'a value'
    throw new CacheError(
      'ERR_CACHE_COUNTER',
      `a counter must be an integer from 0 to ${LARGEST_COUNT}; ${quote(key)} holds ${what}; use another key, or delete it first`,
    )
  }
  const sum = count + by
  if (sum > LARGEST_COUNT) {
    throw new CacheError(
      'ERR_CACHE_COUNTER',
      `a counter stops at ${LARGEST_COUNT}; ${quote(key)} is ${count}, and ${by} more would pass it; add less, or delete it first`,
    )
  }
  return new LocalCounter(`${sum < 0n ? 0n : sum}`)
}
