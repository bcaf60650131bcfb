import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import type { Events, UnusableReason } from '../events.js'
import { type KeySpace, localClearPrefix, localKey, wireClearPrefix } from '../keys/key.js'
import { tokenKey } from '../keys/token-key.js'
import type { LocalTagged } from '../tags/local-tags.js'
import { localTierTags } from '../tags/local-tier-tags.js'
import { NO_TAGS } from '../tags/tag-names.js'
import type { Token } from '../tags/token.js'
import { counterDigits, countOf } from '../values/counter.js'
import { type Entry, unframed } from '../values/entry.js'
import type { MarkerKind } from '../values/frame.js'
import { notEncodable } from '../values/not-encodable.js'
import { passes } from '../values/schema-check.js'
import type { Share } from '../values/sharing.js'
import type { LocalState } from './local-copies.js'
import { counted, LocalCounter } from './local-counter.js'
import { LocalEntry, type LocalEntryInit } from './local-entry.js'
import { MarkedStore } from './marked-store.js'
import { EMPTY, type Slot, type SlotTags } from './slot.js'
import type { LocalStore, Version } from './store.js'
import type { Address, Packed, Tier, View } from './tier.js'

/** Stands in an entry's value while a load or a write holds the key. */
class LocalMarker {
  readonly holder: string
  readonly mark: MarkerKind

  constructor(holder: string, mark: MarkerKind) {
    this.holder = holder
    this.mark = mark
  }
}

/** Never fresh to the short way of a hit. */
const SMALL_INIT: LocalEntryInit = {
  value: undefined,
  createdAt: 0,
  loadTime: 0,
  staleAt: 0,
  deleteAt: 0,
  schemaVersion: 0,
  schema: undefined,
  checkable: false,
  tags: undefined,
  trustedUntil: Number.POSITIVE_INFINITY,
}

/** Its instants are like those of values, so that they are kept like them. */
function smallEntry(value: LocalMarker | LocalCounter, deleteAt: EpochMs): LocalEntry {
  return new LocalEntry({ ...SMALL_INIT, value, createdAt: deleteAt, deleteAt })
}

/** A local store as a tier: claims, compare-and-set and expiry over plain get, set and delete. */
export function localTier(
  local: LocalStore,
  state: LocalState,
  clock: Clock,
  events: Events,
  keep: Share | undefined,
): Tier {
  const { tags: states } = state
  const store = new MarkedStore(local, state.markers, clock)
  /** Until when each entry that is being refreshed is taken. */
  const refreshed = new WeakMap<object, EpochMs>()

  function holds(at: string, version: Version): boolean {
    return store.get(at) === version
  }

  function isAbsent(at: string): boolean {
    const entry = store.get(at)
    return entry === undefined || isGone(entry)
  }

  /** Where a remote store would have forgotten it; a dead value still stands in the way. */
  function isGone({ value, deleteAt }: Entry<unknown>): boolean {
    return (value instanceof LocalMarker || value instanceof LocalCounter) && clock.now() >= deleteAt
  }

  function put(at: string, packed: Packed, ttl: Milliseconds): Version {
    // A marker lives as long as its claim; a value carries its own instants.
    if (packed instanceof LocalMarker || packed instanceof LocalCounter) {
      return putSmall(at, packed, clock.now() + ttl)
    }
    const entry = packed as LocalEntry
    storeValue(at, entry)
    return entry
  }

  /** What has no room does not take away what it was to replace: a remote store refuses it beforehand. */
  function putOver(at: string, packed: Packed, ttl: Milliseconds, version: Version): Version {
    try {
      return put(at, packed, ttl)
    } catch (error) {
      putBack(at, version as LocalEntry)
      throw error
    }
  }

  function putSmall(at: string, value: LocalMarker | LocalCounter, deleteAt: EpochMs): Version {
    const entry = smallEntry(value, deleteAt)
    putBack(at, entry)
    return entry
  }

  function putBack(at: string, entry: LocalEntry): void {
    if (entry.value instanceof LocalMarker) store.mark(at, entry)
    // The smallest size there is: the application's own measure is for its values.
    else if (entry.value instanceof LocalCounter) store.set(at, entry, 1)
    else store.set(at, entry)
  }

  function storeValue(at: string, entry: LocalEntry): void {
    try {
      store.set(at, entry)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CacheError('ERR_CACHE_STORE', `${local.name} did not take a value: ${reason}`, { cause })
    }
    if (store.get(at) === entry) return
    throw new CacheError('ERR_CACHE_TOO_LARGE', `${local.name} has no room for a value of this size`)
  }

  function kept(value: unknown): unknown {
    if (keep === undefined) return value
    try {
      return keep(value)
    } catch (cause) {
      throw notEncodable('structured', value, cause)
    }
  }

  function readSlot(address: Address, view: View): Slot {
    const entry = store.get(address.at)
    if (entry === undefined || isGone(entry)) return emptySlot(address, view)
    const { value } = entry
    const dead = clock.now() >= entry.deleteAt
    if (value instanceof LocalCounter) return counterSlot(address, entry, value, view)
    if (value instanceof LocalMarker) {
      const tags = slotTags(address, entry, view)
      const { holder, mark } = value
      if (mark === 'open') return { kind: 'open', version: entry, tags }
      return { kind: 'marker', holder, version: entry, forWrite: mark === 'write', tags }
    }
    const tags = slotTags(address, entry, view)
    const validity = entry.validity(states)
    // Without grace there is no span in which an expired value could be served.
    if (dead || (validity === 'stale' && entry.staleAt === entry.deleteAt)) {
      return { kind: 'unusable', version: entry, reason: 'dead', tags }
    }
    if (validity === 'dead' || !entry.hasTags(view.tags)) return unusable(address, entry, 'tag', tags)
    if (entry.schemaVersion > view.schemaVersion) return { kind: 'newer', tags }
    if (entry.schemaVersion < view.schemaVersion) return unusable(address, entry, 'version', tags)
    const found = validity === 'stale' ? entry.expired() : entry
    return {
      kind: 'value',
      entry: found,
      version: entry,
      identity: { bits: entry },
      checkable: entry.checkable,
      tags,
    }
  }

  function counterSlot(
    address: Address,
    version: Version,
    { digits }: LocalCounter,
    { format, tags, schemaVersion }: View,
  ): Slot {
    if (tags.length > 0) return unusable(address, version, 'tag', undefined)
    const { codec } = format
    const value = codec.framed ? countOf(digits) : codec.decode(Buffer.from(digits))
    const entry = unframed(schemaVersion, value)
    return { kind: 'value', entry, version, identity: { bits: version }, checkable: true }
  }

  function emptySlot({ space }: Address, { tags: named }: View): Slot {
    if (named.length === 0) return EMPTY
    const tags = { tokens: tokensOf(space, named), found: NO_TAGS, generation: undefined }
    return { kind: 'empty', tags }
  }

  /** What of its tags a load has to know that replaces this entry. */
  function slotTags({ space }: Address, entry: LocalEntry, view: View): SlotTags | undefined {
    if (entry.tags === undefined && view.tags.length === 0) return undefined
    const found = entry.tags?.names ?? NO_TAGS
    return { tokens: tokensOf(space, [...view.tags, ...found]), found, generation: undefined }
  }

  function tokensOf(space: KeySpace, names: readonly string[]): ReadonlyMap<string, Token> {
    return new Map(names.map(name => [name, states.tagged(name, tokenKey(space, name)).token]))
  }

  function unusable(
    { key }: Address,
    version: Version,
    reason: UnusableReason,
    tags: SlotTags | undefined,
  ): Slot {
    if (events.active) events.emit({ type: 'unusable', key, reason })
    return { kind: 'unusable', version, reason, tags }
  }

  function read(address: Address, view: View): Slot | Promise<Slot> {
    const found = readSlot(address, view)
    const { schema } = view
    if (schema === undefined || found.kind !== 'value') return found
    const { version } = found
    if ((version as LocalEntry).schema === schema || !found.checkable) return found
    const judge = (passed: boolean): Slot =>
      passed ? found : unusable(address, version, 'schema', found.tags)
    const passed = passes(schema, found.entry.value)
    return typeof passed === 'boolean' ? judge(passed) : passed.then(judge)
  }

  return {
    name: 'local',
    address: (space: KeySpace, key: string) => ({ key, at: localKey(space, key), space, hash: undefined }),
    read,
    readMany: (addresses, view) => Promise.all(addresses.map(address => read(address, view))),
    pack(_address, entry, view, checkable, tagged) {
      const { schema, format } = view
      // What a remote store would refuse is refused here too, or the backend could not be swapped.
      const bytes = format.codec.framed ? undefined : format.codec.encode(entry.value).payload
      // Digits without a frame are a counter, whoever wrote them.
      const digits = bytes && counterDigits(bytes)
      if (digits !== undefined) return new LocalCounter(digits)
      const { createdAt, loadTime, staleAt, deleteAt, schemaVersion } = entry
      return new LocalEntry({
        value: kept(entry.value),
        createdAt,
        loadTime,
        staleAt,
        deleteAt,
        schemaVersion,
        schema,
        checkable,
        tags: states.setOf(tagged as readonly LocalTagged[]),
        trustedUntil: Number.POSITIVE_INFINITY,
      })
    },
    packMarker: (_address, holder, mark) => new LocalMarker(holder, mark),
    idOf: packed => packed,
    async elect(_address, id, _holder, ttl) {
      const entry = id as Entry<unknown>
      if (clock.now() < (refreshed.get(entry) ?? 0)) return undefined
      const hold = async () => void refreshed.set(entry, clock.now() + ttl)
      await hold()
      return { renew: hold, giveUp: async () => void refreshed.delete(entry) }
    },
    tags: localTierTags(state),
    async set({ at }, packed, ttl) {
      put(at, packed, ttl)
    },
    add: async (at, packed, ttl) => (isAbsent(at) ? put(at, packed, ttl) : undefined),
    replace: async (at, packed, ttl, version) =>
      holds(at, version) ? putOver(at, packed, ttl, version) : undefined,
    async delete(at, version) {
      return holds(at, version) && store.delete(at)
    },
    async drop(addresses) {
      for (const { at } of addresses) store.delete(at)
    },
    async expire(address) {
      const entry = store.get(address.at)
      if (entry === undefined) return
      // Without grace there is no span in which an expired value could be served.
      const small = entry.value instanceof LocalMarker || entry.value instanceof LocalCounter
      if (small || entry.staleAt === entry.deleteAt) {
        store.delete(address.at)
        return
      }
      store.set(address.at, entry.expired())
    },
    async increment({ key, at }, by, { initial, ttl }) {
      const entry = isAbsent(at) ? undefined : store.get(at)
      const counter = counted(key, entry === undefined ? new LocalCounter(`${initial}`) : entry.value, by)
      putSmall(at, counter, entry?.deleteAt ?? clock.now() + ttl)
      return BigInt(counter.digits)
    },
    clearPrefix(space) {
      // Local keys need no prefix of their own; what clear() may not do is the same on every backend.
      wireClearPrefix(space)
      return localClearPrefix(space)
    },
    async clear(space) {
      store.clear(localClearPrefix(space))
    },
    ping: async () => {},
  }
}
