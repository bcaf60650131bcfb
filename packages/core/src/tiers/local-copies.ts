import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import type { Events, LocalDropReason } from '../events.js'
import type { InvalidationLog } from '../invalidation/invalidation-log.js'
import { type KeySpace, localClearPrefix, localKey, localKeysOf } from '../keys/key.js'
import { tokenKey } from '../keys/token-key.js'
import type { LocalTags } from '../tags/local-tags.js'
import type { Entry } from '../values/entry.js'
import type { Share } from '../values/sharing.js'
import { LocalEntry } from './local-entry.js'
import type { Markers } from './marked-store.js'
import type { LocalStore } from './store.js'
import type { Address, View } from './tier.js'

/** Most keys whose wire key is a digest, from which the local key can't be told, that are remembered at once. */
const DIGESTED_LIMIT = 100_000

/** What a local store and those who use it share. */
export interface LocalState {
  readonly tags: LocalTags
  readonly log: InvalidationLog
  /** The local keys of values whose wire keys are digests. */
  readonly digested: Map<string, string>
  readonly markers: Markers
}

/** A moment at which a value was asked for: what was invalidated since makes it unfit to be kept. */
export interface Since {
  readonly log: number
  readonly time: EpochMs
  /** The same moment by `Clock.monotonic()`. */
  readonly instant: Milliseconds
}

/** What the remote tier holds at a key. */
export interface Remote {
  readonly entry: Entry<unknown>
  /** The names of its tags. */
  readonly tags: readonly string[]
  readonly checkable: boolean
}

/** What of a cache decides about its local copies. */
export interface LocalCopiesOptions {
  readonly root: KeySpace
  /** How long a copy is trusted that nobody can call back. */
  readonly maxStaleness: Milliseconds
  /** Makes the copy the store's own, where readers don't share values. */
  readonly keep: Share | undefined
}

/**
 * The local tier in front of a remote one: copies of what that holds.
 *
 * A copy is dropped by every invalidation that this process makes or hears of, and never kept when one came after
 * its value was asked for. While the bus is not to be relied on, nothing is kept at all.
 */
export class LocalCopies {
  readonly store: LocalStore
  readonly state: LocalState
  readonly #clock: Clock
  readonly #events: Events
  readonly #options: LocalCopiesOptions
  /** Whether everything that makes a copy outdated is heard of, or need not be. */
  #trusted: boolean

  constructor(
    store: LocalStore,
    state: LocalState,
    clock: Clock,
    events: Events,
    options: LocalCopiesOptions,
    trusted: boolean,
  ) {
    this.store = store
    this.state = state
    this.#clock = clock
    this.#events = events
    this.#options = options
    this.#trusted = trusted
  }

  /** Call it before a value is asked for that is to be kept. */
  since(): Since {
    return { log: this.state.log.now, time: this.#clock.now(), instant: this.#clock.monotonic() }
  }

  /** Keeps a copy of what was read, unless it may be outdated by now. */
  promote({ key, at, space }: Address, found: Remote, { schema, format }: View, since: Since): void {
    const { entry, tags, checkable } = found
    // Without a frame nobody knows how long the remote tier keeps it.
    if (!format.codec.framed || entry.deleteAt === Number.POSITIVE_INFINITY) return
    if (!this.#trusted || since.time >= entry.staleAt || this.#isOutdated(at, space, tags, since)) return
    const { tags: states } = this.state
    const { maxStaleness, keep } = this.#options
    try {
      const value = keep === undefined ? entry.value : keep(entry.value)
      const copy = new LocalEntry({
        value,
        createdAt: entry.createdAt,
        loadTime: entry.loadTime,
        staleAt: entry.staleAt,
        deleteAt: entry.deleteAt,
        schemaVersion: entry.schemaVersion,
        schema,
        checkable,
        tags: states.setOf(tags.map(name => states.tagged(name, tokenKey(space, name)))),
        trustedUntil: since.instant + maxStaleness,
      })
      const local = localKey(space, key)
      if (!at.endsWith(key)) this.#remember(at, local)
      this.store.set(local, copy)
    } catch {
      // What has no room here, or can't be copied, is read from the remote tier.
    }
  }

  /**
   * Keeps a copy of what this process has stored: what others read before it was there is not kept any more.
   *
   * Its tags may have been asked for before it was; what was invalidated since is dead in the remote tier.
   */
  replace(address: Address, stored: Remote, view: View, since: Since, tagsSince = since): void {
    const { at, space } = address
    const { log } = this.state
    const outdated =
      log.hasSince(at, since.log) ||
      log.hasAllSince(tagsSince.log) ||
      stored.tags.some(name => log.hasSince(tokenKey(space, name), tagsSince.log))
    this.drop(address)
    if (!outdated) this.promote(address, stored, view, { ...since, log: this.state.log.now })
  }

  /** The copy of a key, for readers who do not take the short way of a hit; `undefined` for one that is not fresh. */
  get({ key, space }: Address, { schema, schemaVersion, tags }: View): LocalEntry | undefined {
    const copy = this.store.get(localKey(space, key)) as LocalEntry | undefined
    if (copy === undefined) return undefined
    if (this.#clock.now() >= copy.staleAt || !copy.isTrusted(this.#clock)) return undefined
    if (copy.schemaVersion !== schemaVersion) return undefined
    if (schema !== undefined && copy.schema !== schema) return undefined
    if (copy.validity(this.state.tags) !== 'valid') return undefined
    return copy.hasTags(tags) ? copy : undefined
  }

  /** This process has changed the key, or is about to. */
  drop({ key, at, space }: Address): void {
    this.state.log.note(at)
    this.store.delete(localKey(space, key))
  }

  dropKeys(addresses: readonly Address[]): void {
    for (const address of addresses) this.drop(address)
  }

  dropTags(kind: 'delete' | 'expire', space: Pick<KeySpace, 'path'>, names: readonly string[]): void {
    for (const name of names) this.dropTagAt(kind, tokenKey(space, name))
  }

  dropTagAt(kind: 'delete' | 'expire', at: string): void {
    this.state.log.note(at)
    this.state.tags.invalidate(kind, at)
  }

  dropUnder(space: KeySpace): void {
    this.state.log.noteAll()
    this.store.clear(localClearPrefix(space))
  }

  /** Another process has changed the value at this wire key. */
  dropWire(at: string): void {
    this.state.log.note(at)
    const digested = this.state.digested.get(at)
    if (digested !== undefined) this.store.delete(digested)
    else for (const key of localKeysOf(this.#options.root, at)) this.store.delete(key)
  }

  /** Another process has cleared the space of this path. */
  dropPath(path: string): void {
    const { root } = this.#options
    const within = root.path === '' ? path : path.slice(root.path.length + 1)
    this.state.log.noteAll()
    this.store.clear(within === '' ? '' : `\0${within}:`)
  }

  /** Some of what was invalidated may not have been heard of. */
  dropAll(reason: LocalDropReason): void {
    this.state.log.noteAll()
    this.store.clear()
    this.state.digested.clear()
    if (this.#events.active) this.#events.emit({ type: 'local-drop', reason })
  }

  /** Keeps copies from now on, or stops it. */
  trust(trusted: boolean): void {
    this.#trusted = trusted
  }

  #isOutdated(at: string, space: KeySpace, tags: readonly string[], since: Since): boolean {
    const { log } = this.state
    return log.hasSince(at, since.log) || tags.some(name => log.hasSince(tokenKey(space, name), since.log))
  }

  /** The oldest is forgotten together with its copy, or nobody could drop that. */
  #remember(at: string, local: string): void {
    const { digested } = this.state
    digested.delete(at)
    digested.set(at, local)
    if (digested.size <= DIGESTED_LIMIT) return
    for (const [oldest, key] of digested) {
      digested.delete(oldest)
      this.store.delete(key)
      return
    }
  }
}
