import type { StoreConfig } from '../stores/store-types.js'
import type { CacheSettings } from './cache-settings.js'
import type { WithVariables } from './with-variables.js'

/** Where the JSON schema is, for editors. */
interface Root {
  readonly $schema?: string | undefined
}

/** A cache: its store, and its settings. */
export type CacheConfig = WithVariables<StoreConfig & CacheSettings> & Root

/** A cache among several: its store and settings, settings alone, or the URL of a store. */
export type NamedCacheConfig =
  | WithVariables<StoreConfig & CacheSettings>
  | (WithVariables<CacheSettings> & { readonly type?: never; readonly url?: never })
  | string

/**
 * Several caches by name, and what they have in common.
 *
 * A cache takes over each setting that it has not itself, and the store where it names none. Stores on the same server
 * with the same settings share their connections. The prefix of each is the common one, `lookaside` unless set, and its
 * name, as in `lookaside.sessions`, unless it has one of its own.
 */
export type CachesConfig<Name extends string = string> = WithVariables<CacheSettings> &
  (WithVariables<StoreConfig> | { readonly type?: never; readonly url?: never }) &
  Root & {
    /** The caches, by name. */
    readonly caches: Readonly<Record<Name, NamedCacheConfig>>
  }
