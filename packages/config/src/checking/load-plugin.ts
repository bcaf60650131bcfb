import { existsSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StorePlugin } from '../stores/store-plugin.js'

/** A plugin, or why there is none; `absent` where there is no such package. */
export type LoadedPlugin =
  | { readonly plugin: StorePlugin }
  | { readonly absent: true }
  | { readonly problem: string }

const EXPECTED = 'export const storePlugin = definePlugin({ schema, open })'

/**
 * Imports the store that a package adds, as seen from `directory`; a path such as `./my-store.js` is relative to it.
 *
 * What the module itself throws is thrown as it is.
 */
export async function loadPlugin(name: string, directory: string): Promise<LoadedPlugin> {
  const url = await urlOf(name, directory)
  if (typeof url !== 'string') return url
  const { storePlugin } = await import(url)
  if (isPlugin(storePlugin)) return { plugin: storePlugin }
  const received =
    storePlugin === undefined ? 'it has no such export' : 'its storePlugin lacks a schema or open()'
  return { problem: `expected ${name} to export a store: ${EXPECTED}; ${received}` }
}

async function urlOf(
  name: string,
  directory: string,
): Promise<string | Exclude<LoadedPlugin, { plugin: unknown }>> {
  if (/^\.{0,2}\//.test(name)) {
    const path = resolvePath(directory, name)
    return existsSync(path)
      ? pathToFileURL(path).href
      : { problem: `expected the path of a module with a store; there is no file ${path}` }
  }
  // What looks like a URL would be taken for one.
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return { absent: true }
  // Node.js 20 resolves a package only from the module that asks; this one is not where the application is.
  const { resolve } = await import('import-meta-resolve')
  try {
    return resolve(name, pathToFileURL(`${directory}/`).href)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_INVALID_MODULE_SPECIFIER') return { absent: true }
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
      return {
        problem: `expected ${name} to export a store: ${EXPECTED}; its package.json exports nothing to import by this name`,
      }
    throw error
  }
}

function isPlugin(value: unknown): value is StorePlugin {
  const { schema, open } = (value ?? {}) as Partial<Record<keyof StorePlugin, unknown>>
  return typeof open === 'function' && typeof schema === 'object' && schema !== null && '~standard' in schema
}
