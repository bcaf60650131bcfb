import { pathToFileURL } from 'node:url'

/**
 * The URL of what a package exports, as seen from a directory; `undefined` where it is not installed there.
 *
 * Node.js 20 resolves a package only from the module that asks; this one is not where the application is.
 *
 * @throws what the resolution fails with otherwise, such as `ERR_PACKAGE_PATH_NOT_EXPORTED`.
 */
export async function resolvePackage(name: string, directory: string): Promise<string | undefined> {
  const { resolve } = await import('import-meta-resolve')
  try {
    return resolve(name, pathToFileURL(`${directory}/`).href)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_INVALID_MODULE_SPECIFIER') return undefined
    throw error
  }
}
