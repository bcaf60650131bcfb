import { CacheError, quote } from './errors.js'
import { checkOptions } from './options.js'

/** What a write makes obsolete. */
export interface InvalidateAfterOptions<R> {
  /** Keys to delete; a function of the write's result is asked only when the write succeeded. */
  readonly keys: readonly string[] | ((result: R) => readonly string[])
}

/** Keys collected for one invalidation. */
export interface Invalidation {
  /** Adds keys. @throws CacheError `ERR_CACHE_KEY` */
  keys(...keys: string[]): this
  /** Deletes what was collected so far and starts afresh; resolves to whether the store took it. */
  run(): Promise<boolean>
}

/** What invalidating needs of a cache. */
interface Target {
  deleteMany(keys: readonly string[]): Promise<boolean>
}

export function collectInvalidation(target: Target, checkKey: (key: unknown) => void): Invalidation {
  const collected = new Set<string>()
  return {
    keys(...keys) {
      for (const key of keys) {
        checkKey(key)
        collected.add(key)
      }
      return this
    },
    async run() {
      const keys = [...collected]
      collected.clear()
      return target.deleteMany(keys)
    },
  }
}

export async function invalidateAfter<R>(
  target: Target,
  write: () => R | PromiseLike<R>,
  options: InvalidateAfterOptions<R>,
): Promise<R> {
  checkOptions('invalidateAfter', options, ['keys'])
  const { keys } = options
  if (typeof write !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `invalidateAfter takes the write as a function; received ${quote(write)}`,
    )
  }
  if (!Array.isArray(keys) && typeof keys !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `keys of invalidateAfter must be an array or a function; received ${quote(keys)}`,
    )
  }
  let result: R
  try {
    result = await write()
  } catch (error) {
    // What the write failed with matters more than what becomes of the invalidation, which has its own events.
    if (typeof keys !== 'function') await target.deleteMany(keys).catch(() => {})
    throw error
  }
  try {
    await target.deleteMany(typeof keys === 'function' ? keys(result) : keys)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CacheError(
      'ERR_CACHE_INVALIDATION',
      `the write succeeded, but what it makes obsolete was not invalidated: ${reason}. Its result is in 'result'`,
      { cause, result },
    )
  }
  return result
}
