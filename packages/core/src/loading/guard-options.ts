import type { Duration } from '../duration.js'
import { CacheError, quote } from '../errors.js'

/**
 * How values are obtained: on a cache, on a namespace, and for each call.
 *
 * A guard's package adds its own by declaration merging, and its guard names them in `Guard.options`.
 *
 * @example
 * declare module '@lookaside/core' {
 *   interface LoadOptions {
 *     readonly patience?: Duration | undefined
 *   }
 * }
 */
export interface LoadOptions {
  /** How long a load may take, and a caller wait for one, before it rejects with `ERR_CACHE_LOAD_TIMEOUT`. @default '1m' */
  readonly hardTimeout?: Duration | undefined
}

/** An option that a guard adds: how it is called, and how it is checked. */
export interface GuardOption<T> {
  readonly name: string
  /** What was given, in the form the guard uses. @throws CacheError with what was expected and received. */
  parse(given: unknown): T
}

/** What the options of a guard are for a call: its own, else its namespace's, else the cache's. */
export interface GuardSettings {
  get<T>(option: GuardOption<T>): T | undefined
}

/** The options of a cache's guard as they are set so far, checked. */
export class GuardValues implements GuardSettings {
  readonly #known: readonly GuardOption<unknown>[]
  readonly #values: Readonly<Record<string, unknown>>

  constructor(known: readonly GuardOption<unknown>[] = [], values: Readonly<Record<string, unknown>> = {}) {
    this.#known = known
    this.#values = values
  }

  /** What the guard's options are called. */
  get names(): readonly string[] {
    return this.#known.map(({ name }) => name)
  }

  get<T>(option: GuardOption<T>): T | undefined {
    return this.#values[option.name] as T | undefined
  }

  /** What these are for a call with `options`, each checked when it is asked for: hits ask for few. */
  seenBy(options: object | undefined): GuardSettings {
    // What is no options at all is left to a miss to refuse.
    if (typeof options !== 'object' || options === null) return this
    const given = options as Readonly<Record<string, unknown>>
    return {
      get: option => {
        const own = given[option.name]
        return own === undefined ? this.get(option) : option.parse(own)
      },
    }
  }

  /** These, overlaid by what `options` sets; itself where that is nothing. @throws CacheError */
  overlaid(options: object | undefined): GuardValues {
    if (options === undefined) return this
    let values: Record<string, unknown> | undefined
    for (const { name, parse } of this.#known) {
      const given = (options as Record<string, unknown>)[name]
      if (given === undefined) continue
      values ??= { ...this.#values }
      values[name] = parse(given)
    }
    return values === undefined ? this : new GuardValues(this.#known, values)
  }
}

/** @throws CacheError `ERR_CACHE_OPTION` for a guard's option that has a name of the core's, or no parser. */
export function guardValues(options: unknown, taken: readonly string[]): GuardValues {
  if (options === undefined) return new GuardValues()
  const known = Array.isArray(options) ? (options as (Partial<GuardOption<unknown>> | null)[]) : [null]
  const bad = known.find(
    option =>
      typeof option?.name !== 'string' || typeof option.parse !== 'function' || taken.includes(option.name),
  )
  if (bad === undefined) return new GuardValues(known as GuardOption<unknown>[])
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `options of a guard must be a list of { name, parse }, with names that no cache and no call has already; received ${quote(bad ?? options)}`,
  )
}
