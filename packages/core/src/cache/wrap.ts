import { CacheError, quote } from '../errors.js'
import { argumentKey } from '../keys/argument-key.js'
import type { Loader } from '../loading/loader.js'
import { checkOptions } from '../options/options.js'
import type { GetOrSetOptions } from './call-options.js'
import { VALUE_OPTION_NAMES } from './settings.js'

const WRAP_NAMES = ['key', ...VALUE_OPTION_NAMES, 'tags']

/** How a function is cached. */
export interface WrapOptions<A extends unknown[], R>
  extends Omit<GetOrSetOptions<R>, 'refresh' | 'signal' | 'waitUntil' | 'tags'> {
  /** The key of a call: a function of its arguments, or a name to which the arguments are added faithfully. */
  readonly key: string | ((...args: A) => string)
  /** The tags of each result; as a function they are asked of the value and the arguments. @default none */
  readonly tags?: readonly string[] | ((value: R, ...args: A) => readonly string[]) | undefined
}

/** A cached function. */
export interface Wrapped<F extends (...args: never[]) => unknown, R = Awaited<ReturnType<F>>> {
  (...args: Parameters<F>): Promise<R>
  /** The key of a call with these arguments. */
  key(...args: Parameters<F>): string
  /** Deletes the result for these arguments. */
  delete(...args: Parameters<F>): Promise<boolean>
  /** Makes the result for these arguments stale, keeping it for grace. */
  expire(...args: Parameters<F>): Promise<boolean>
  /** Calls the function whatever is cached, and stores its result. */
  refresh(...args: Parameters<F>): Promise<R>
  /** The function itself, uncached. */
  readonly original: F
}

/** What wrapping needs of a cache. */
interface Target {
  getOrSet(key: string, load: Loader<unknown>, options: GetOrSetOptions<unknown>): Promise<unknown>
  delete(key: string): Promise<boolean>
  expire(key: string): Promise<boolean>
}

export function wrapFunction<F extends (...args: never[]) => unknown, R>(
  target: Target,
  fn: F,
  options: WrapOptions<Parameters<F>, never>,
  guardNames: readonly string[],
): Wrapped<F, R> {
  type Arguments = Parameters<F>
  if (typeof fn !== 'function') {
    throw new CacheError('ERR_CACHE_OPTION', `wrap takes the function to cache; received ${quote(fn)}`)
  }
  checkOptions('wrap', options ?? {}, [...WRAP_NAMES, ...guardNames])
  const { key: naming, ...rest } = options ?? {}
  const keyOf = keyNaming<Arguments>(naming)
  const plain = rest as GetOrSetOptions<unknown>
  const refreshing: GetOrSetOptions<unknown> = { ...plain, refresh: true }
  const tagsOf = (typeof plain.tags === 'function' ? plain.tags : undefined) as
    | ((value: unknown, ...args: Arguments) => readonly string[])
    | undefined
  const call = async (args: Arguments, shared: GetOrSetOptions<unknown>) => {
    const how =
      tagsOf === undefined ? shared : { ...shared, tags: (value: unknown) => tagsOf(value, ...args) }
    return (await target.getOrSet(keyOf(...args), () => fn(...args), how)) as R
  }

  return Object.assign((...args: Arguments) => call(args, plain), {
    key: keyOf,
    delete: async (...args: Arguments) => target.delete(keyOf(...args)),
    expire: async (...args: Arguments) => target.expire(keyOf(...args)),
    refresh: (...args: Arguments) => call(args, refreshing),
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
