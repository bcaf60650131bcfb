import { pathToFileURL } from 'node:url'
import { ConfigError } from '../checking/config-error.js'

/**
 * Imports a config that is a module: its default export.
 *
 * TypeScript is imported where the runtime can, as Node.js does from 22.18 on, and Bun, Deno and tsx do.
 *
 * @throws ConfigError for TypeScript where it can't be imported, and for a module without a default export. What the
 * module itself throws is thrown as it is.
 */
export async function readModule(path: string, file: string): Promise<unknown> {
  const module = await importModule(path, file)
  if (module.default !== undefined) return module.default
  throw new ConfigError(file, [
    {
      path: '',
      file,
      message: "expected a default export, such as export default defineConfig({ type: 'lru' })",
    },
  ])
}

async function importModule(path: string, file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw cause
    const message = `this runtime, Node.js ${process.version}, cannot import TypeScript: use Node.js 22.18 or later, start the program with tsx, or write the config as ${file.replace(/\.[cm]?ts$/, '.mjs')}, .json or .yaml`
    throw new ConfigError(file, [{ path: '', file, message }], { cause })
  }
}
