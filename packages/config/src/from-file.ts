import type { Cache } from '@lookaside/core'
import { type Caches, checkNames, openOne, openSeveral } from './from-config.js'
import { type CacheDefaults, checkDefaults } from './opening/cache-defaults.js'
import { readConfigFile } from './reading/config-file.js'
import type { Environment } from './reading/config-source.js'

/**
 * Creates the cache that a file describes: JSON, YAML, or a module whose default export is the config.
 *
 * By its ending it is `.json`, `.yaml` or `.yml`, `.js` or `.mjs`, or `.ts` where the runtime imports TypeScript. A path is
 * relative to the working directory, and may be a `file:` URL; without one it is `lookaside.config.*` there. Otherwise as
 * `fromConfig`.
 *
 * @throws ConfigError with everything that is wrong, by line for JSON and YAML; CacheError `ERR_CACHE_OPTION` for bad
 * `defaults`.
 *
 * @example
 * const cache = await fromFile('cache.config.yaml', { prefix: 'shop' })
 */
export async function fromFile(
  path?: string | URL,
  defaults: CacheDefaults = {},
  env: Environment = process.env,
): Promise<Cache> {
  checkDefaults('fromFile', defaults)
  return openOne(await readConfigFile(path), defaults, env)
}

/**
 * Creates caches that a file describes under `caches`; those that the program names, and no others.
 *
 * Otherwise as `fromFile` and `cachesFromConfig`.
 *
 * @param path `undefined` for the `lookaside.config.*` of the working directory.
 * @throws ConfigError with everything that is wrong, a name that the file lacks included.
 *
 * @example
 * const { sessions, catalog } = await cachesFromFile('cache.config.yaml', ['sessions', 'catalog'])
 */
export async function cachesFromFile<const Name extends string>(
  path: string | URL | undefined,
  names: readonly Name[],
  defaults: CacheDefaults = {},
  env: Environment = process.env,
): Promise<Caches<Name>> {
  checkNames('cachesFromFile', names)
  checkDefaults('cachesFromFile', defaults)
  return openSeveral(await readConfigFile(path), names, defaults, env)
}
