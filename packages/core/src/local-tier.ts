import type { Clock } from './clock.js'
import type { EpochMs, Milliseconds } from './duration.js'
import type { Entry } from './entry.js'
import { CacheError } from './errors.js'
import type { Events, UnusableReason } from './events.js'
import { type KeySpace, localClearPrefix, localKey, wireClearPrefix } from './key.js'
import { notEncodable } from './not-encodable.js'
import { passes } from './schema-check.js'
import type { Share } from './sharing.js'
import { EMPTY, NEWER, type Slot } from './slot.js'
import type { StandardSchema } from './standard-schema.js'
import type { LocalStore, Version } from './store.js'
import type { Address, Packed, Tier, View } from './tier.js'

/** Stands in an entry's value while a load holds the key. */
class LocalMarker {
  readonly holder: string
  readonly open: boolean

  constructor(holder: string, open: boolean) {
    this.holder = holder
    this.open = open
  }
}

/**
 * An entry of a local store.
 *
 * One class for values and markers, so that the hit path sees one shape; a marker is never fresh. The object
 * itself is its version: compare-and-set is a comparison by identity.
 */
export class LocalEntry implements Entry<unknown> {
  readonly value: unknown
  readonly createdAt: number
  readonly loadTime: number
  readonly staleAt: number
  readonly deleteAt: number
  readonly schemaVersion: number
  /** The schema that gave the value out. */
  readonly schema: StandardSchema | undefined
  /** Whether the value passes its schema again, so that another one can check it. */
  readonly checkable: boolean

  constructor(
    value: unknown,
    createdAt: number,
    loadTime: number,
    staleAt: number,
    deleteAt: number,
    schemaVersion: number,
    schema: StandardSchema | undefined,
    checkable: boolean,
  ) {
    this.value = value
    this.createdAt = createdAt
    this.loadTime = loadTime
    this.staleAt = staleAt
    this.deleteAt = deleteAt
    this.schemaVersion = schemaVersion
    this.schema = schema
    this.checkable = checkable
  }
}

function markerEntry(marker: LocalMarker, deleteAt: EpochMs): LocalEntry {
  return new LocalEntry(marker, 0, 0, 0, deleteAt, 0, undefined, false)
}

/** A local store as a tier: claims, compare-and-set and expiry over plain get, set and delete. */
export function localTier(store: LocalStore, clock: Clock, events: Events, keep: Share | undefined): Tier {
  /** Until when each entry that is being refreshed is taken. */
  const refreshed = new WeakMap<object, EpochMs>()

  function holds(at: string, version: Version): boolean {
    return store.get(at) === version
  }

  function isAbsent(at: string): boolean {
    const entry = store.get(at)
    return entry === undefined || (entry.value instanceof LocalMarker && clock.now() >= entry.deleteAt)
  }

  function put(at: string, packed: Packed, ttl: Milliseconds): Version {
    const entry = packed as LocalEntry
    // A marker lives as long as its claim; a value carries its own instants.
    if (!(entry.value instanceof LocalMarker)) {
      storeValue(at, entry)
      return entry
    }
    // The smallest size there is: the application's own measure is for its values.
    const marker = markerEntry(entry.value, clock.now() + ttl)
    store.set(at, marker, 1)
    return marker
  }

  function storeValue(at: string, entry: LocalEntry): void {
    try {
      store.set(at, entry)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CacheError('ERR_CACHE_STORE', `${store.name} did not take a value: ${reason}`, { cause })
    }
    if (store.get(at) === entry) return
    throw new CacheError('ERR_CACHE_TOO_LARGE', `${store.name} has no room for a value of this size`)
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
    const entry = store.get(address.at) as LocalEntry | undefined
    if (entry === undefined) return EMPTY
    const { value } = entry
    const dead = clock.now() >= entry.deleteAt
    if (value instanceof LocalMarker) {
      if (dead) return EMPTY
      if (value.open) return { kind: 'open', version: entry }
      return { kind: 'marker', holder: value.holder, version: entry }
    }
    if (dead) return { kind: 'unusable', version: entry, reason: 'dead' }
    if (entry.schemaVersion > view.schemaVersion) return NEWER
    if (entry.schemaVersion < view.schemaVersion) return unusable(address, entry, 'version')
    return { kind: 'value', entry, version: entry, id: () => entry }
  }

  function unusable({ key }: Address, version: Version, reason: UnusableReason): Slot {
    if (events.active) events.emit({ type: 'unusable', key, reason })
    return { kind: 'unusable', version, reason }
  }

  function read(address: Address, view: View): Slot | Promise<Slot> {
    const found = readSlot(address, view)
    const { schema } = view
    if (schema === undefined || found.kind !== 'value') return found
    const entry = found.entry as LocalEntry
    if (entry.schema === schema || !entry.checkable) return found
    const judge = (passed: boolean) => (passed ? found : unusable(address, entry, 'schema'))
    const passed = passes(schema, entry.value)
    return typeof passed === 'boolean' ? judge(passed) : passed.then(judge)
  }

  return {
    name: 'local',
    address: (space: KeySpace, key: string) => ({ key, at: localKey(space, key), space }),
    read,
    readMany: (addresses, view) => Promise.all(addresses.map(address => read(address, view))),
    pack(_address, { value, createdAt, loadTime, staleAt, deleteAt, schemaVersion }, view, checkable) {
      const { schema, format } = view
      // What a remote store would refuse is refused here too, or the backend could not be swapped.
      if (!format.codec.framed) format.codec.encode(value)
      const own = kept(value)
      return new LocalEntry(own, createdAt, loadTime, staleAt, deleteAt, schemaVersion, schema, checkable)
    },
    packMarker: (_address, holder, open) => markerEntry(new LocalMarker(holder, open), 0),
    async elect(_address, id, _holder, ttl) {
      const entry = id as Entry<unknown>
      if (clock.now() < (refreshed.get(entry) ?? 0)) return undefined
      const hold = async () => void refreshed.set(entry, clock.now() + ttl)
      await hold()
      return { renew: hold, giveUp: async () => void refreshed.delete(entry) }
    },
    async set(at, packed, ttl) {
      put(at, packed, ttl)
    },
    add: async (at, packed, ttl) => (isAbsent(at) ? put(at, packed, ttl) : undefined),
    replace: async (at, packed, ttl, version) => (holds(at, version) ? put(at, packed, ttl) : undefined),
    async delete(at, version) {
      return (version === undefined || holds(at, version)) && store.delete(at)
    },
    async deleteMany(ats) {
      for (const at of ats) store.delete(at)
    },
    async expire(address) {
      const entry = store.get(address.at) as LocalEntry | undefined
      if (entry === undefined) return
      const { value, createdAt, loadTime, staleAt, deleteAt, schemaVersion, schema, checkable } = entry
      // Without grace there is no span in which an expired value could be served.
      if (value instanceof LocalMarker || staleAt === deleteAt) {
        store.delete(address.at)
        return
      }
      const stale = new LocalEntry(value, createdAt, loadTime, 0, deleteAt, schemaVersion, schema, checkable)
      store.set(address.at, stale)
    },
    clearPrefix(space) {
      // Local keys need no prefix of their own; what clear() may not do is the same on every backend.
      wireClearPrefix(space)
      return localClearPrefix(space)
    },
    async clear(prefix) {
      store.clear(prefix)
    },
    ping: async () => {},
  }
}
