import type { Milliseconds } from '../duration.js'
import type { TierName } from '../events.js'
import type { KeySpace } from '../keys/key.js'
import type { KeyHash } from '../keys/key-hash.js'
import type { TierTags } from '../tags/tag-load.js'
import type { Tagged } from '../tags/token.js'
import type { Entry } from '../values/entry.js'
import type { MarkerKind } from '../values/frame.js'
import type { StandardSchema } from '../values/standard-schema.js'
import type { ValueFormat } from '../values/value-format.js'
import type { Slot } from './slot.js'
import type { IncrementOptions, Version } from './store.js'

/** A key as the application named it, and as the tier stores it. */
export interface Address {
  readonly key: string
  /** The wire key of a remote tier, the local key of a local one. */
  readonly at: string
  readonly space: KeySpace
  /** The hash of a wire key; local keys have none. */
  readonly hash?: KeyHash | undefined
}

/** How a reader looks at a value. */
export interface View {
  readonly schema: StandardSchema | undefined
  readonly schemaVersion: number
  readonly format: ValueFormat
  /** The tags that a value must have to be of use. */
  readonly tags: readonly string[]
}

/** What is to be stored at a key, in the form the tier keeps it. */
export type Packed = object

/** The right to refresh a value, for efficiency only. */
export interface Election {
  /** Holds it for another `ttl`. */
  renew(): Promise<void>
  /** Lets somebody else be elected. */
  giveUp(): Promise<void>
}

/**
 * A store seen in entries: the primitive operations of claim and commit, the same over objects and over bytes.
 *
 * Reads never reject: what goes wrong is a slot. Writes reject with a `CacheError` after having reported it.
 */
export interface Tier {
  readonly name: TierName
  address(space: KeySpace, key: string): Address
  /** What is there, or will be: a `PromiseLike` gives it to any number of readers, and never rejects. */
  read(address: Address, view: View): Slot | PromiseLike<Slot>
  readMany(addresses: readonly Address[], view: View): Promise<Slot[]>
  /**
   * `checkable` says whether the value passes the schema again when it is read.
   *
   * @throws CacheError `ERR_CACHE_NOT_ENCODABLE` or `ERR_CACHE_TOO_LARGE`.
   */
  pack(
    address: Address,
    entry: Entry<unknown>,
    view: View,
    checkable: boolean,
    tagged: readonly Tagged[],
  ): Packed
  packMarker(address: Address, holder: string, mark: MarkerKind): Packed
  /** What `FoundValue.identity.bits` are once a packed value has been stored; `undefined` for one without a frame. */
  idOf(packed: Packed): unknown
  /**
   * Elects one refresher of the very value that `id` names, for `ttl`; `undefined` to everyone else. For efficiency
   * only: correctness is the commit's compare-and-set.
   */
  elect(address: Address, id: unknown, holder: string, ttl: Milliseconds): Promise<Election | undefined>
  readonly tags: TierTags
  /** A write of the application's, whatever is there. */
  set(address: Address, packed: Packed, ttl: Milliseconds): Promise<void>
  add(at: string, packed: Packed, ttl: Milliseconds): Promise<Version | undefined>
  replace(at: string, packed: Packed, ttl: Milliseconds, version: Version): Promise<Version | undefined>
  /** Deletes the very bytes of a version. */
  delete(at: string, version: Version): Promise<boolean>
  /** Deletes keys, whatever is there. */
  drop(addresses: readonly Address[]): Promise<void>
  expire(address: Address, linger: Milliseconds): Promise<void>
  /** Counts; see `RemoteStore.increment`. @throws CacheError `ERR_CACHE_COUNTER` */
  increment(address: Address, by: bigint, options: IncrementOptions): Promise<bigint>
  /** What the addresses of a space begin with. @throws CacheError `ERR_CACHE_UNSUPPORTED` for a root without a prefix. */
  clearPrefix(space: KeySpace): string
  /** Makes everything of a space unreadable, and of those nested in it. */
  clear(space: KeySpace): Promise<void>
  /** Waits at most `timeout` for the store to answer. */
  ping(timeout: Milliseconds): Promise<void>
}
