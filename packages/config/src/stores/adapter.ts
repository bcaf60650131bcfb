import { CacheError, isCacheError } from '@lookaside/core'

/**
 * Imports the package of an adapter, which is not loaded before it is used.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` where it is not installed.
 */
export async function adapter<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (isCacheError(cause) || (cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new CacheError(
      'ERR_CACHE_CONFIG',
      `this cache needs the package ${name}: install it with npm install ${name}`,
      { cause },
    )
  }
}
