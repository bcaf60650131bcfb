import type { LruConfig } from '../stores/lru.js'
import type { MemcachedConfig } from '../stores/memcached.js'
import type { MigratingConfig } from '../stores/migrating.js'
import type { RedisConfig } from '../stores/redis.js'
import type { StorePlugin } from '../stores/store-plugin.js'
import type { Path } from './path.js'

/** The settings of a store, checked; `path` is where they stand. */
export type CheckedStore = { readonly path: Path } & (
  | { readonly type: 'lru'; readonly options: LruConfig }
  | { readonly type: 'redis'; readonly options: RedisConfig }
  | { readonly type: 'memcached'; readonly options: MemcachedConfig }
  | { readonly type: 'tiered'; readonly local: CheckedStore; readonly remote: CheckedStore }
  | {
      readonly type: 'migrating'
      readonly to: CheckedStore
      readonly from: CheckedStore
      readonly options: Omit<MigratingConfig, 'to' | 'from'>
    }
  | { readonly type: 'none' }
  | {
      readonly type: 'plugin'
      readonly name: string
      readonly plugin: StorePlugin
      readonly options: unknown
    }
)
