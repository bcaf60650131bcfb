import { type Cache, CacheError, quote } from '@lookaside/core'
import { checkConfig, type Wanted } from './checking/check-config.js'
import { Findings } from './checking/findings.js'
import { type CacheDefaults, checkDefaults } from './opening/cache-defaults.js'
import { openCaches } from './opening/open-caches.js'
import type { ConfigSource, Environment } from './reading/config-source.js'
import { substitute } from './reading/variables.js'
import type { CacheConfig, CachesConfig } from './schema/cache-config.js'

/** Caches by name; each is closed by itself. */
export type Caches<Name extends string = string> = Readonly<Record<Name, Cache>>

const DEFAULT_PREFIX = 'lookaside'

/**
 * Creates the cache that a config describes.
 *
 * `${NAME}` and `${NAME:-default}` in its texts stand for environment variables. Adapters are loaded only when the
 * config names them; an unreachable server makes misses, and `ready()` tells.
 *
 * @param defaults what the program sets itself, such as a `schema` or a `clock`; the config takes precedence.
 * @param env where variables are looked up; `process.env` by default.
 * @throws ConfigError with everything that is wrong; CacheError `ERR_CACHE_OPTION` for bad `defaults`.
 *
 * @example
 * const cache = await fromConfig({ type: 'redis', url: '${REDIS_URL:-redis://localhost:6379}', ttl: '10m' })
 */
export async function fromConfig(
  config: CacheConfig,
  defaults: CacheDefaults = {},
  env: Environment = process.env,
): Promise<Cache> {
  checkDefaults('fromConfig', defaults)
  return openOne(given('fromConfig', config), defaults, env)
}

/**
 * Creates the caches that a config describes under `caches`.
 *
 * Stores on the same server with the same settings share their connections, which the last cache to be closed closes.
 * Otherwise as `fromConfig`.
 *
 * @throws ConfigError with everything that is wrong; CacheError `ERR_CACHE_OPTION` for bad `defaults`.
 *
 * @example
 * const { sessions, catalog } = await cachesFromConfig({
 *   url: 'redis://localhost:6379',
 *   caches: { sessions: { ttl: '1h' }, catalog: { ttl: '5m', grace: '1d' } },
 * })
 */
export async function cachesFromConfig<Name extends string>(
  config: CachesConfig<Name>,
  defaults: CacheDefaults = {},
  env: Environment = process.env,
): Promise<Caches<Name>> {
  checkDefaults('cachesFromConfig', defaults)
  return openSeveral(given('cachesFromConfig', config), 'all', defaults, env)
}

/** @throws CacheError `ERR_CACHE_OPTION` for what is no list of names. */
export function checkNames(what: string, names: unknown): void {
  if (Array.isArray(names) && names.every(name => typeof name === 'string')) return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} takes the names of the caches that the program wants, such as ['sessions', 'catalog']; received ${quote(names)}`,
  )
}

/** Opens the only cache of a config. @throws ConfigError */
export async function openOne(
  source: ConfigSource,
  defaults: CacheDefaults,
  env: Environment,
): Promise<Cache> {
  const caches = await open(source, 'one', defaults, env)
  return caches.get('') as Cache
}

/** Opens caches of a config by name. @throws ConfigError */
export async function openSeveral<Name extends string>(
  source: ConfigSource,
  names: 'all' | readonly Name[],
  defaults: CacheDefaults,
  env: Environment,
): Promise<Caches<Name>> {
  return Object.fromEntries(await open(source, names, defaults, env)) as Caches<Name>
}

async function open(
  source: ConfigSource,
  caches: Wanted['caches'],
  defaults: CacheDefaults,
  env: Environment,
): Promise<Map<string, Cache>> {
  const substituted = substitute(source.value, env)
  const findings = new Findings(source, substituted)
  const { prefix = DEFAULT_PREFIX } = defaults
  const checked = await checkConfig(substituted.value, { caches, prefix }, source, findings)
  findings.throwAny()
  return openCaches(checked, defaults, findings)
}

function given(name: string, value: unknown): ConfigSource {
  return { name, value, directory: process.cwd() }
}
