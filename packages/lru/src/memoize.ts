import type { Milliseconds } from '@lookaside/core'
import { LRUCache } from 'lru-cache'
import { type CallKey, CallKeys, distinct } from './memoize-keys.js'
import { checkMemoizeOptions, type MemoizeOptions } from './memoize-options.js'
import { checkFunction, checkResult } from './memoize-synchronous.js'

/** A function that remembers its results. */
export type Memoized<F extends (...args: never[]) => unknown> = F & Memory<F>

/** What a memoized function has beside its calls. */
export interface Memory<F extends (...args: never[]) => unknown> {
  /** How it went since the start, or since `clear()`. */
  info(): MemoizeInfo
  /** Forgets all results, and counts from zero again. */
  clear(): void
  /** Forgets the result for these arguments; tells whether there was one that a call would have returned. */
  delete(...args: Parameters<F>): boolean
  /** The function itself, which remembers nothing. */
  readonly original: F
}

/** How a memoized function has done. */
export interface MemoizeInfo {
  /** Calls that were answered from memory. */
  readonly hits: number
  /** Calls that ran the function, those included in which it threw. */
  readonly misses: number
  /** Results in memory; those count too whose `ttl` is over, until they are asked for or make room. */
  readonly size: number
  /** The most results that it keeps. */
  readonly maxEntries: number
}

interface Result {
  readonly value: unknown
  /** On the monotonic clock. */
  readonly deleteAt: Milliseconds
}

/**
 * Remembers the results of a pure, synchronous function in this process, by its arguments.
 *
 * Arguments are compared one by one with `Object.is`: primitives by value, objects by identity; `1` and `'1'` differ,
 * so do `0` and `-0`, and `f(1)` and `f(1, undefined)`. `key` compares calls by something else. Arguments and results
 * are kept by reference until they are dropped, so don't change them. An `undefined` is remembered like any other
 * result; a call that throws is not, and what it throws reaches the caller as it is.
 *
 * `this` is passed on, but calls on different objects share their results; so memoize a method for each object, in its
 * constructor. The function may call itself through its memoized form. A result is not remembered if `delete` or
 * `clear` was called while it was being made.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for a bad option, and for a function that is `async` or a generator; the
 * memoized function throws it when it meets a promise for a result. `ERR_CACHE_DURATION` for a malformed `ttl`.
 *
 * @example
 * const fibonacci = memoize((n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)))
 * fibonacci(78)     // 8944394323791464
 * fibonacci.info()  // { hits: 76, misses: 79, size: 79, maxEntries: 1000 }
 *
 * @example
 * // by a part of its argument
 * const area = memoize((country: Country) => sum(country.regions), { key: country => country.id, ttl: '1h' })
 */
export function memoize<F extends (...args: never[]) => unknown>(
  fn: F,
  options: MemoizeOptions<Parameters<F>> = {},
): Memoized<F> {
  checkFunction(fn)
  const { maxEntries, ttl, key: keyOf, clock } = checkMemoizeOptions(options)
  const keys = new CallKeys()
  const results = new LRUCache<CallKey, Result>({
    max: maxEntries,
    dispose(_result, key, reason) {
      if (reason !== 'set') keys.drop(key)
    },
  })
  let hits = 0
  let misses = 0
  let changes = 0

  const isFresh = ({ deleteAt }: Result) =>
    deleteAt === Number.POSITIVE_INFINITY || clock.monotonic() < deleteAt

  function find(...args: unknown[]): CallKey | undefined {
    return keyOf === undefined ? keys.find(args) : distinct(Reflect.apply(keyOf, undefined, args))
  }

  function memoized(this: unknown, ...args: unknown[]): unknown {
    // Spread, and the usual case first: then a hit allocates nothing, not even the array of its arguments.
    const key = keyOf === undefined && args.length === 1 ? distinct(args[0]) : find(...args)
    const known = key === undefined ? undefined : results.get(key)
    if (known !== undefined && isFresh(known)) {
      hits++
      return known.value
    }
    return run(this, key, ...args)
  }

  function run(receiver: unknown, key: CallKey | undefined, ...args: unknown[]): unknown {
    misses++
    const changesBefore = changes
    const value = Reflect.apply(fn, receiver, args)
    checkResult(value, fn.name)
    if (changes === changesBefore) {
      // Not by the path that was found: the calls that this one made may have dropped it.
      const kept = keyOf === undefined || key === undefined ? keys.add(args) : key
      results.set(kept, { value, deleteAt: clock.monotonic() + ttl })
    }
    return value
  }

  const memory: Memory<F> = {
    info: () => ({ hits, misses, size: results.size, maxEntries }),
    clear() {
      changes++
      results.clear()
      hits = 0
      misses = 0
    },
    delete(...args) {
      changes++
      const key = find(...args)
      const known = key === undefined ? undefined : results.get(key)
      if (key === undefined || known === undefined) return false
      results.delete(key)
      return isFresh(known)
    },
    original: fn,
  }
  for (const name of ['name', 'length'] as const) {
    Object.defineProperty(memoized, name, { value: fn[name], configurable: true })
  }
  return Object.assign(memoized as unknown as F, memory)
}
