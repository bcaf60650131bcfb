import type { WaitUntil } from '../background.js'
import type { Duration, EpochMs } from '../duration.js'
import type { LoadOptions } from '../loading/guard-options.js'
import type { StandardSchema } from '../values/standard-schema.js'
import type { ValueOptions } from './settings.js'

/** The values of a cache: what the loader returns, or in a typed namespace the namespace's type. */
export type Typed<V, T> = unknown extends V ? T : V

/** What one call of `getOrSet` can set. */
export interface GetOrSetOptions<V> extends Omit<ValueOptions, 'ttl'> {
  /** How long the value is fresh; as a function it is asked of each loaded value. 0 stores nothing. @default the cache's */
  readonly ttl?: Duration | ((value: V) => Duration) | undefined
  /**
   * Tags of the value, at most 64 of 1 to 250 bytes: invalidating one invalidates all that have it. Named ones cost a
   * hit nothing; as a function they are asked of each loaded value, and cost a remote hit another round trip.
   *
   * An entry that lacks a named tag is a miss. @default none
   */
  readonly tags?: readonly string[] | ((value: V) => readonly string[]) | undefined
  /** Loads whatever is there, and stores over it. @default false */
  readonly refresh?: boolean | undefined
  /** Frees this caller when it aborts; the load itself is aborted when the last caller has left. */
  readonly signal?: AbortSignal | undefined
  /** Told of work that goes on after the call was answered, for runtimes that freeze then; it never rejects. The cache's own is told as well. */
  readonly waitUntil?: WaitUntil | undefined
}

/** How a call looks at what is stored. */
export interface ReadOptions {
  /** Checks the value; one that does not match is a miss. @default the cache's */
  readonly schema?: StandardSchema | undefined
  /** The version of the value's shape. @default the cache's */
  readonly version?: number | undefined
  /** Tags that the value must have; naming those that it has saves a remote hit a round trip. @default none */
  readonly tags?: readonly string[] | undefined
}

/** What one call of `set` can set. */
export interface SetOptions<V = unknown> extends Omit<ValueOptions, keyof LoadOptions> {
  /** Tags of the value; as a function they are asked of it. @default none */
  readonly tags?: readonly string[] | ((value: V) => readonly string[]) | undefined
  /** Stores only if the key is still as `lookup` found it. */
  readonly ifVersion?: EntryVersion | undefined
}

/** What one call of `update` can set. */
export type UpdateOptions<V = unknown> = Omit<SetOptions<V>, 'ifVersion'>

/** How `increment` makes a counter where there is none. */
export interface CountOptions {
  /** What a missing counter counts as before it is added to: an integer from 0 to 2^63 - 1. @default 0 */
  readonly initial?: number | bigint | undefined
  /** How long a new counter lives, at least 1 ms; one that is there keeps its time. @default the cache's ttl */
  readonly ttl?: Duration | undefined
}

/** The state that `lookup` found a key in; opaque, for `set(key, value, { ifVersion })`. */
export interface EntryVersion {
  readonly key: string
}

/** What stands at a key; tells a cached `undefined` from nothing. */
export type Lookup<V> =
  | { readonly state: 'miss'; readonly version: EntryVersion }
  | {
      readonly state: 'fresh' | 'stale'
      readonly value: V
      /** When the load that produced the value began. */
      readonly createdAt: EpochMs
      /** Fresh before this instant; 0 once expired. */
      readonly staleAt: EpochMs
      /** Never served from this instant on. */
      readonly deleteAt: EpochMs
      readonly version: EntryVersion
    }
