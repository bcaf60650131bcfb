import type { Milliseconds } from '../duration.js'
import type { Entry } from '../values/entry.js'

/** What the core talks to: told apart by `kind`. */
export type CacheStore = LocalStore | RemoteStore

/**
 * A store inside this process: synchronous, object level, by reference.
 *
 * It never serialises and never looks at time; expiry, compare-and-set and counters over it are the core's.
 */
export interface LocalStore {
  readonly kind: 'local'
  /** Names the store in events and errors. */
  readonly name: string
  /** How many entries it holds, dead ones included. */
  readonly size: number
  get(key: string): Entry<unknown> | undefined
  /** `size` is the entry's weight in the store's own unit, where the store limits by weight. */
  set(key: string, entry: Entry<unknown>, size?: number): void
  /** Returns whether there was an entry. */
  delete(key: string): boolean
  /** Drops the keys that start with `prefix`; all of them without one. */
  clear(prefix?: string): void
}

/**
 * Names one state of one key's bytes; opaque to everyone but the store that gave it.
 *
 * A version compares equal only to the very bytes it was read or written with.
 */
export type Version = object

/**
 * Bytes as a store holds them, with the version to name them by in a later `replace` or `delete`.
 *
 * The bytes may be a view of a larger chunk that came off the wire, and never change: whoever keeps them copies them.
 */
export interface Stored {
  readonly bytes: Uint8Array
  readonly version: Version
  /**
   * Whether another program wrote the bytes in a form of its own, such as serialised or compressed: then they are no
   * value without a frame, whatever they look like, but a miss that a claim may replace. Absent where there is no
   * telling; frames are read all the same.
   */
  readonly foreign?: boolean
}

/** What a remote store can hold. */
export interface StoreLimits {
  /** Largest value in bytes; a larger one is refused with `ERR_CACHE_TOO_LARGE` before it reaches the wire. */
  readonly maxValueBytes: number
  /** Granularity of the store's clock: a value may outlive its ttl by up to this much, twice over. */
  readonly ttlStep: Milliseconds
}

/**
 * How keys are spread over servers that fail one by one, and may each forget what they hold.
 *
 * All processes with the same servers must agree on it, in whatever order they list them.
 */
export interface StoreShards {
  readonly count: number
  /** The server of a key: 0 to `count - 1`. */
  of(key: string): number
  /** A legal key that begins with `name`, a short one, and is kept by that server; always the same one. */
  keyOn(shard: number, name: string): string
}

/** How `increment` treats a key that is not there. */
export interface IncrementOptions {
  /** What a missing key counts as before `by` is added; an integer from 0 to 2^63 - 1. */
  readonly initial: bigint
  /** Lifetime given to a counter that this call creates, at least 1 ms; an existing counter keeps its own. */
  readonly ttl: Milliseconds
}

/**
 * A store outside this process: asynchronous, byte level, atomic for a single key.
 *
 * It never looks inside a frame, except that two frames may be told apart by their first 16 bytes.
 * Keys are 1 to 250 bytes of UTF-8 without the bytes 0x00 to 0x20 and 0x7f; anything else rejects with
 * `ERR_CACHE_KEY` before it reaches the wire. A `ttl` is at least 1 ms; the store rounds up, never down.
 * Apart from the codes named here it throws what its client throws: the core wraps once.
 */
export interface RemoteStore {
  readonly kind: 'remote'
  /** Names the store in events and errors, without credentials. */
  readonly name: string
  readonly limits: StoreLimits
  /** Where the store has several servers whose keys it can't list; the core keeps what `clear()` needs on each. */
  readonly shards?: StoreShards
  get(key: string): Promise<Stored | undefined>
  /** In the order of `keys`, one round trip per server; the slots of a server that fails are errors. */
  getMany(keys: readonly string[]): Promise<(Stored | Error | undefined)[]>
  set(key: string, bytes: Uint8Array, ttl: Milliseconds): Promise<void>
  /** Stores only if the key is absent; `undefined` says that it was not. */
  add(key: string, bytes: Uint8Array, ttl: Milliseconds): Promise<Version | undefined>
  /** Compare-and-set: stores only over the very bytes that `version` names; `undefined` says that they are gone. */
  replace(key: string, bytes: Uint8Array, ttl: Milliseconds, version: Version): Promise<Version | undefined>
  /** Returns whether a value was deleted; with a version, only over the very bytes it names. */
  delete(key: string, version?: Version): Promise<boolean>
  deleteMany(keys: readonly string[]): Promise<void>
  /**
   * Adds `by` to an integer >= 0 that stops at 0 below; a missing key counts as `initial` first.
   * Rejects with `ERR_CACHE_COUNTER` where the key holds something else or the sum would pass 2^63 - 1.
   */
  increment(key: string, by: bigint, options: IncrementOptions): Promise<bigint>
  /**
   * Marks the frame at `key` stale under new random bits, in one atomic call that moves no payload; deletes
   * anything else that is there. Where a store has none the core reads and replaces. See `frame.ts`.
   */
  expire?(key: string, randomBits: Uint8Array): Promise<void>
  /** Deletes every key that starts with `prefix`, taken literally; only where keys can be enumerated. */
  clear?(prefix: string): Promise<void>
  /**
   * Says that `clear` reaches only a part of what the store holds, as when it is made of two of which one can't list
   * its keys: the core then clears by generations, as where there is no `clear`, and calls `clear` after that.
   */
  readonly clearsInPart?: true
  /**
   * Says that what is loaded is not to be stored here: no load claims its key, and one that is forced deletes what
   * stands there.
   */
  readonly storesLoads?: false
  /**
   * Resolves once the store answers; waits for a first connection. Where it has several servers: once `every` one
   * of them answers, or `any`. @default 'every'
   */
  ping(scope?: 'any' | 'every'): Promise<void>
  /**
   * Whether an error that this store threw is an answer of its server, which shows that the server is up: such
   * an error never makes the store count as down. Without it every error but a `CacheError` does.
   */
  answered?(error: unknown): boolean
  /** Closes what the store opened, and nothing that was injected. May be called twice. */
  close(): Promise<void>
}
