import { existsSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import { resolvePackage } from '../stores/resolve-package.js'
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
  const module = await import(url)
  // What a CommonJS module assigns as a whole is its default export.
  const storePlugin = module.storePlugin ?? module.default?.storePlugin
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
  try {
    return (await resolvePackage(name, directory)) ?? { absent: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error
    return {
      problem: `expected ${name} to export a store: ${EXPECTED}; its package.json exports nothing to import by this name`,
    }
  }
}

function isPlugin(value: unknown): value is StorePlugin {
  const { schema, open } = (value ?? {}) as Partial<Record<keyof StorePlugin, unknown>>
  // Standard Schemas may be functions as well as objects.
  const isObject = typeof schema === 'function' || (typeof schema === 'object' && schema !== null)
  return typeof open === 'function' && isObject && '~standard' in schema
}
