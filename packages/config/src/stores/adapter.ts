import { CacheError, isCacheError } from '@lookaside/core'
import { resolvePackage } from './resolve-package.js'

/**
 * Imports the package of an adapter, which is not loaded before it is used: as this package sees it, else as the
 * application does.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` where it, or the client that it stands on, is not installed.
 */
export async function adapter<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const missing = missingPackage(cause)
    if (missing === undefined) throw cause
    const url = missing === name ? await resolvePackage(name, process.cwd()) : undefined
    if (url !== undefined) return (await import(url)) as T
    throw new CacheError(
      'ERR_CACHE_CONFIG',
      `this cache needs the package ${missing}: install it with npm install ${missing}`,
      { cause },
    )
  }
}

/** The package that an import did not find; `undefined` for any other failure. */
function missingPackage(error: unknown): string | undefined {
  if (isCacheError(error) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND')
    return undefined
  return /^Cannot find package '([^']+)'/.exec((error as Error).message)?.[1]
}
