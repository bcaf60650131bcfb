import type { LruConfig } from './lru.js'
import type { MemcachedConfig } from './memcached.js'
import type { MigratingConfig } from './migrating.js'
import type { NoneConfig } from './none.js'
import type { RedisConfig } from './redis.js'
import type { TieredConfig } from './tiered.js'

/**
 * The types of stores, and what each takes beside `type`.
 *
 * A package with a store of its own adds its type by declaration merging.
 *
 * @example
 * declare module '@lookaside/config' {
 *   interface StoreTypes {
 *     'lookaside-dynamodb': { readonly table: string }
 *   }
 * }
 */
export interface StoreTypes {
  readonly lru: LruConfig
  readonly redis: RedisConfig
  readonly memcached: MemcachedConfig
  readonly tiered: TieredConfig
  readonly migrating: MigratingConfig
  readonly none: NoneConfig
}

/** Store settings of some types, told apart by `type`. */
export type StoreOfType<Type extends keyof StoreTypes> = {
  [T in Type]: { readonly type: T } & StoreTypes[T]
}[Type]

/** A store by its URL; the scheme says of which type it is. */
export type StoreByUrl =
  | ({ readonly type?: never; readonly url: string } & LruConfig)
  | ({ readonly type?: never; readonly url: string } & Omit<RedisConfig, 'url'>)
  | ({ readonly type?: never; readonly url: string } & Omit<MemcachedConfig, 'url'>)

/** A store: its type and settings, or its URL. */
export type StoreConfig = StoreOfType<keyof StoreTypes> | StoreByUrl

/** A store within another; its URL alone will do. */
export type InnerStoreConfig = Exclude<StoreConfig, { readonly type: 'tiered' }> | string
