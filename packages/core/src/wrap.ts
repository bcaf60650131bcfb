import { argumentKey } from './argument-key.js'
import type { GetOrSetOptions } from './cache.js'
import { CacheError, quote } from './errors.js'
import type { Loader } from './loader.js'
import { checkOptions } from './options.js'
import { VALUE_OPTION_NAMES } from './settings.js'

const WRAP_NAMES = ['key', ...VALUE_OPTION_NAMES]

/** How a function is cached. */
export interface WrapOptions<A extends unknown[], R> extends Omit<GetOrSetOptions<R>, 'refresh' | 'signal'> {
  /** The key of a call: a function of its arguments, or a name to which the arguments are added faithfully. */
  readonly key: string | ((...args: NoInfer<A>) => string)
}

/** A cached function. */
export interface Wrapped<A extends unknown[], R, F = R> {
  (...args: A): Promise<R>
  /** The key of a call with these arguments. */
  key(...args: A): string
  /** Deletes the result for these arguments. */
  delete(...args: A): Promise<boolean>
  /** Makes the result for these arguments stale, keeping it for grace. */
  expire(...args: A): Promise<boolean>
  /** Calls the function whatever is cached, and stores its result. */
  refresh(...args: A): Promise<R>
  /** The function itself, uncached. */
  readonly original: (...args: A) => F | PromiseLike<F>
}

/** What wrapping needs of a cache. */
interface Target {
  getOrSet(key: string, load: Loader<unknown>, options: GetOrSetOptions<unknown>): Promise<unknown>
  delete(key: string): Promise<boolean>
  expire(key: string): Promise<boolean>
}

export function wrapFunction<A extends unknown[], R>(
  target: Target,
  fn: (...args: A) => R | PromiseLike<R>,
  options: WrapOptions<A, R>,
): Wrapped<A, R> {
  if (typeof fn !== 'function') {
    throw new CacheError('ERR_CACHE_OPTION', `wrap takes the function to cache; received ${quote(fn)}`)
  }
  checkOptions('wrap', options ?? {}, WRAP_NAMES)
  const { key: naming, ...rest } = options ?? {}
  const keyOf = keyNaming(naming)
  const plain = rest as GetOrSetOptions<unknown>
  const refreshing: GetOrSetOptions<unknown> = { ...plain, refresh: true }
  const call = async (args: A, how: GetOrSetOptions<unknown>) =>
    (await target.getOrSet(keyOf(...args), () => fn(...args), how)) as R

  return Object.assign((...args: A) => call(args, plain), {
    key: keyOf,
    delete: async (...args: A) => target.delete(keyOf(...args)),
    expire: async (...args: A) => target.expire(keyOf(...args)),
    refresh: (...args: A) => call(args, refreshing),
    original: fn,
  })
}

function keyNaming<A extends unknown[]>(naming: unknown): (...args: A) => string {
  if (typeof naming === 'function') return naming as (...args: A) => string
  if (typeof naming === 'string' && naming !== '') return (...args) => argumentKey(naming, args)
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `key of wrap must be a name, or a function of the arguments that returns the key; received ${quote(naming)}. Without it two functions could share a key`,
  )
}
