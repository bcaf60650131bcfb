import type { Milliseconds } from './duration.js'
import { CacheError, quote } from './errors.js'

/** Where a value was found. */
export type TierName = 'local' | 'remote'

/** Why a call needs a load. `early` is a refresh ahead of expiry, `forced` is `{ refresh: true }`. */
export type LoadReason = 'miss' | 'stale' | 'early' | 'forced'

/** Why what stands at a key can't be used; each is a miss. */
export type UnusableReason =
  | 'dead'
  | 'foreign'
  | 'format'
  | 'key'
  | 'corrupt'
  | 'codec'
  | 'schema'
  | 'version'
  | 'tag'

/** Why a loaded or written value was not kept. */
export type NotStoredReason =
  | 'no-store'
  | 'ttl-0'
  | 'too-large'
  | 'not-encodable'
  | 'no-claim'
  | 'tags'
  | 'store-error'

/** What an invalidation names. */
export type InvalidationTarget = 'key' | 'tag' | 'prefix'

/** Why a local tier was emptied: it may have missed an invalidation. */
export type LocalDropReason = 'bus-up' | 'bus-down' | 'gap' | 'unknown-source' | 'silence' | 'flushed'

/** What the library reports of itself; one discriminated union, told apart by `type`. */
export type CacheEvent =
  /** A call was answered from the cache; `stale` within grace, because the load failed or goes on meanwhile. */
  | { readonly type: 'hit'; readonly key: string; readonly tier: TierName; readonly stale: boolean }
  /** A call found nothing fresh; `stale` where there is a value within grace. */
  | { readonly type: 'miss'; readonly key: string; readonly stale: boolean }
  /** Something stood at the key that could not be used. */
  | { readonly type: 'unusable'; readonly key: string; readonly reason: UnusableReason }
  /** A loader returned. */
  | {
      readonly type: 'load'
      readonly key: string
      readonly reason: LoadReason
      readonly duration: Milliseconds
    }
  /** A loader threw, was aborted (hard timeout, no caller left, `close()`), or returned what its schema refuses. */
  | {
      readonly type: 'load-error'
      readonly key: string
      readonly reason: LoadReason
      readonly error: unknown
    }
  /** A load's result was stored. */
  | { readonly type: 'commit'; readonly key: string }
  /** A load's result was not stored: the key was invalidated, written or evicted since the load began. */
  | { readonly type: 'commit-rejected'; readonly key: string }
  /** A value was not stored for a reason of its own. */
  | {
      readonly type: 'not-stored'
      readonly key: string
      readonly reason: NotStoredReason
      readonly error?: unknown
    }
  /** The application wrote a value. */
  | { readonly type: 'set'; readonly key: string }
  /** A value that was to be written behind could not be, however often it was tried. */
  | { readonly type: 'write-failed'; readonly key: string; readonly error: unknown }
  /** A counter was added to; `value` is what it is now. */
  | { readonly type: 'increment'; readonly key: string; readonly by: bigint; readonly value: bigint }
  /** A key was deleted or expired; without `delivered` the store could not be reached. */
  | {
      readonly type: 'invalidate'
      readonly kind: 'delete' | 'expire'
      readonly key: string
      readonly delivered: boolean
    }
  /** Tags of the namespace at `path` were deleted or expired; without `delivered` the store could not be reached. */
  | {
      readonly type: 'invalidate-tags'
      readonly kind: 'delete' | 'expire'
      readonly path: string
      readonly tags: readonly string[]
      readonly delivered: boolean
    }
  /**
   * What became of an invalidation that the store did not take: it waits (`queued`), the store has taken it
   * (`delivered`), all that it names has `expired`, or the cache was closed first (`dropped`).
   */
  | {
      readonly type:
        | 'invalidation-queued'
        | 'invalidation-delivered'
        | 'invalidation-expired'
        | 'invalidation-dropped'
      readonly kind: 'delete' | 'expire' | 'clear'
      readonly target: InvalidationTarget
      /** The key or tag, or the path that is to be cleared. */
      readonly name: string
      /** The prefix and the namespaces of the key or tag. */
      readonly path: string
    }
  /** The bus connects the local tier to other processes, or has ceased to; meanwhile nothing is kept there. */
  | { readonly type: 'bus'; readonly bus: string; readonly state: 'up' | 'down'; readonly cause?: unknown }
  /** The local tier was emptied. */
  | { readonly type: 'local-drop'; readonly reason: LocalDropReason }
  /** Everything under a prefix was cleared. */
  | { readonly type: 'clear'; readonly prefix: string; readonly delivered: boolean }
  /** A guard made a caller wait for another process' load. */
  | { readonly type: 'claim-wait'; readonly key: string }
  /** A guard did not let a load begin: too many wait already, or its key failed a moment ago. */
  | { readonly type: 'load-refused'; readonly key: string; readonly cause: 'limit' | 'back-off' }
  /** A guard refreshes a value that is still fresh. */
  | { readonly type: 'early-refresh'; readonly key: string }
  /** A store call failed or ran out of time. */
  | {
      readonly type: 'store-error'
      readonly store: string
      readonly operation: string
      readonly keys: readonly string[]
      readonly error: Error
    }
  /** The breaker of a store changed its state. */
  | { readonly type: 'breaker'; readonly store: string; readonly state: 'open' | 'closed' }
  /** Work that nobody waits for failed. */
  | { readonly type: 'background-error'; readonly key: string; readonly error: unknown }

export type CacheEventType = CacheEvent['type']

/** Called for each event, synchronously; the event is frozen and what the listener throws becomes a process warning. */
export type CacheListener = (event: CacheEvent) => void

/** Hands events to listeners. Emitters build an event only behind `active`: without listeners it costs one read. */
export class Events {
  readonly #listeners = new Set<CacheListener>()
  /** Whether anybody listens. */
  active = false

  on(listener: CacheListener): () => void {
    if (typeof listener !== 'function') {
      throw new CacheError(
        'ERR_CACHE_OPTION',
        `on takes a function that is called for each event; received ${quote(listener)}`,
      )
    }
    // A function of its own per call, so that one listener may be added twice and removed once.
    const own: CacheListener = event => listener(event)
    this.#listeners.add(own)
    this.active = true
    return () => {
      this.#listeners.delete(own)
      this.active = this.#listeners.size > 0
    }
  }

  emit(event: CacheEvent): void {
    if (!this.active) return
    Object.freeze(event)
    for (const listener of this.#listeners) {
      try {
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch(warn)
      } catch (error) {
        warn(error)
      }
    }
  }
}

function warn(error: unknown): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`a listener of cache.on() threw: ${what}`, { type: 'LookasideListenerWarning' })
}
