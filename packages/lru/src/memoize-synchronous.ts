import { types } from 'node:util'
import { CacheError, quote } from '@lookaside/core'

const INSTEAD =
  'Use cache.wrap of @lookaside/core for asynchronous functions: it shares a running load and keeps no failure'

/** @throws CacheError `ERR_CACHE_OPTION` for anything but a function, and for one that is `async` or a generator. */
export function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new CacheError('ERR_CACHE_OPTION', `memoize takes the function to memoize; received ${quote(fn)}`)
  }
  if (types.isGeneratorFunction(fn)) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `memoize takes a function whose result can be read again, unlike a generator's; received ${quote(fn)}. Return an array`,
    )
  }
  if (types.isAsyncFunction(fn)) refuse(`received ${quote(fn)}`)
}

/** @throws CacheError `ERR_CACHE_OPTION` for a promise, or anything else with a method `then`. */
export function checkResult(value: unknown, name: string): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return
  // Nobody else has it: its rejection would end the process.
  if (types.isPromise(value)) value.catch(() => {})
  refuse(`${quote(name)} returned ${quote(value)}`)
}

function refuse(what: string): never {
  throw new CacheError('ERR_CACHE_OPTION', `memoize takes a synchronous function; ${what}. ${INSTEAD}`)
}
