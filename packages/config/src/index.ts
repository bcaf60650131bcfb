// The guard that caches have here by default adds options of its own to calls and namespaces.
export type { StampedeGuardOptions } from '@lookaside/stampede-guard'
export { ConfigError, type ConfigProblem } from './checking/config-error.js'
export { defineConfig } from './define-config.js'
export { type Caches, cachesFromConfig, fromConfig } from './from-config.js'
export { cachesFromEnv, fromEnv } from './from-env.js'
export { cachesFromFile, fromFile } from './from-file.js'
export { fromUrl } from './from-url.js'
export type { CacheDefaults } from './opening/cache-defaults.js'
export type { Environment } from './reading/config-source.js'
export type { BusMode, RedisBusConfig } from './schema/bus-settings.js'
export type { CacheConfig, CachesConfig, NamedCacheConfig } from './schema/cache-config.js'
export type { CacheSettings } from './schema/cache-settings.js'
export type { Variable, WithVariables } from './schema/with-variables.js'
export type { LruConfig } from './stores/lru.js'
export type { MemcachedConfig, MemcachedDialect } from './stores/memcached.js'
export type { MigratingConfig } from './stores/migrating.js'
export type { NoneConfig } from './stores/none.js'
export type { RedisConfig, RedisServerConfig } from './stores/redis.js'
export { definePlugin, type StorePlugin } from './stores/store-plugin.js'
export type {
  InnerStoreConfig,
  StoreByUrl,
  StoreConfig,
  StoreOfType,
  StoreTypes,
} from './stores/store-types.js'
export type { TieredConfig } from './stores/tiered.js'
