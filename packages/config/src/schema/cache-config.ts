import type { StoreConfig } from '../stores/store-types.js'
import type { CacheSettings } from './cache-settings.js'

/** A cache: its store, and its settings. */
export type CacheConfig = StoreConfig & CacheSettings

/**
 * Several caches by name, and what they have in common.
 *
 * A cache takes over each setting that it has not itself, and the store where it names none. Stores on the same server
 * with the same settings share their connections. The prefix of each is the common one, `lookaside` unless set, and its
 * name, as in `lookaside.sessions`, unless it has one of its own.
 */
export type CachesConfig<Name extends string = string> = CacheSettings &
  (StoreConfig | { readonly type?: never; readonly url?: never }) & {
    /** The caches, by name: their store and settings, settings alone, or the URL of a store. */
    readonly caches: Readonly<
      Record<Name, CacheConfig | (CacheSettings & { readonly type?: never }) | string>
    >
  }

/** What a config file can hold. */
export type Config = (CacheConfig | CachesConfig) & {
  /** Where the JSON schema is, for editors. */
  readonly $schema?: string
}
