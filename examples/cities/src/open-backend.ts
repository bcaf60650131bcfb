import { type CacheDefaults, type Environment, fromEnv } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import type { Backend } from './backends.js'

/** Opens a cache as the service does, in an environment that names the backend's config file and server. */
export function openBackend(
  { config, url }: Backend,
  defaults: CacheDefaults,
  env: Environment,
): Promise<Cache> {
  return fromEnv(defaults, { ...process.env, CACHE_CONFIG: config, CACHE_URL: url, ...env })
}
