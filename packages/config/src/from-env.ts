import { type Cache, CacheError, isCacheError, quote } from '@lookaside/core'
import { type Caches, checkNames, openOne, openSeveral } from './from-config.js'
import { type CacheDefaults, checkDefaults } from './opening/cache-defaults.js'
import { openUrl } from './opening/open-url.js'
import { readConfigFile } from './reading/config-file.js'
import type { Environment } from './reading/config-source.js'

/**
 * Creates the cache that the environment describes: by the file that `CACHE_CONFIG` names, as `fromFile` does; else by
 * the URL that `CACHE_URL` holds, as `fromUrl` does; `memory:` without either.
 *
 * For variables of other names, give their values to `fromFile` or `fromUrl`.
 *
 * @param defaults what the program sets itself; a config file takes precedence.
 * @param env where variables are looked up; `process.env` by default.
 * @throws CacheError as `fromFile` and `fromUrl` do; `ERR_CACHE_URL` or `ERR_CACHE_CONFIG` for an empty variable.
 *
 * @example
 * const cache = await fromEnv({ ttl: '10m' }) // CACHE_URL=redis://localhost:6379 node server.js
 */
export async function fromEnv(defaults: CacheDefaults = {}, env: Environment = process.env): Promise<Cache> {
  checkDefaults(
    'fromEnv',
    defaults,
    ' and reads CACHE_CONFIG and CACHE_URL (for other variables use fromFile or fromUrl)',
  )
  const file = variable(
    env,
    'CACHE_CONFIG',
    'ERR_CACHE_CONFIG',
    'the path of a config file such as cache.config.yaml',
  )
  if (file !== undefined) return openOne(await readConfigFile(file), defaults, env)
  const url = variable(
    env,
    'CACHE_URL',
    'ERR_CACHE_URL',
    'a cache URL such as memory: or redis://localhost:6379',
  )
  try {
    return await openUrl(url ?? 'memory:', defaults)
  } catch (error) {
    if (!isCacheError(error, 'ERR_CACHE_URL')) throw error
    throw new CacheError('ERR_CACHE_URL', `CACHE_URL: ${error.message}`, { cause: error })
  }
}

/**
 * Creates caches of the file that `CACHE_CONFIG` names, as `cachesFromFile` does.
 *
 * @throws CacheError as `cachesFromFile` does; `ERR_CACHE_CONFIG` where the variable is not set.
 *
 * @example
 * const { sessions, catalog } = await cachesFromEnv(['sessions', 'catalog']) // CACHE_CONFIG=cache.config.yaml
 */
export async function cachesFromEnv<const Name extends string>(
  names: readonly Name[],
  defaults: CacheDefaults = {},
  env: Environment = process.env,
): Promise<Caches<Name>> {
  checkNames('cachesFromEnv', names)
  checkDefaults('cachesFromEnv', defaults)
  const expected = 'the path of a config file such as cache.config.yaml'
  const file = variable(env, 'CACHE_CONFIG', 'ERR_CACHE_CONFIG', expected)
  if (file !== undefined) return openSeveral(await readConfigFile(file), names, defaults, env)
  throw new CacheError('ERR_CACHE_CONFIG', `CACHE_CONFIG must be ${expected}; it is not set`)
}

function variable(
  env: Environment,
  name: string,
  code: 'ERR_CACHE_URL' | 'ERR_CACHE_CONFIG',
  expected: string,
): string | undefined {
  const value = env[name]
  if (value === undefined || value.trim() !== '') return value?.trim()
  throw new CacheError(code, `${name} must be ${expected}, or not be set; received ${quote(value)}`)
}
