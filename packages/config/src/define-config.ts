import type { CacheConfig, CachesConfig } from './schema/cache-config.js'

/**
 * Gives a config its types, so that editors complete and check it; it returns what it is given.
 *
 * @example
 * // lookaside.config.js
 * export default defineConfig({ type: 'redis', url: '${REDIS_URL}', ttl: '10m' })
 */
export function defineConfig(config: CacheConfig): CacheConfig
export function defineConfig<Name extends string>(config: CachesConfig<Name>): CachesConfig<Name>
export function defineConfig(config: unknown): unknown {
  return config
}
