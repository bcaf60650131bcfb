import { pieces } from './at-most.js'
import type { Clock } from './clock.js'
import { compress } from './compression.js'
import type { Milliseconds } from './duration.js'
import type { Entry, EntryMeta } from './entry.js'
import { CacheError } from './errors.js'
import type { Events, UnusableReason } from './events.js'
import {
  asExpired,
  decodeHead,
  decodePayload,
  encodeFrame,
  encodeMarker,
  FLAG_COMPRESSED,
  FLAG_TAGS,
  FLAG_UNCHECKED,
} from './frame.js'
import { ownKey, wireClearPrefix, wireKey } from './key.js'
import { randomBits } from './random-bits.js'
import { ReadBatch } from './read-batch.js'
import { passes } from './schema-check.js'
import { EMPTY, type FoundValue, NEWER, type Slot, UNREACHABLE } from './slot.js'
import type { RemoteStore, Stored, Version } from './store.js'
import type { StoreCalls } from './store-calls.js'
import type { Address, Tier, View } from './tier.js'

/** How long it may take to find and delete everything under a prefix. */
const CLEAR_TIMEOUT: Milliseconds = 60_000

/** Most keys of one request, so that each has its own deadline. */
const LARGEST_DELETE = 1_024

/** A remote store as a tier: frames on the wire, reads joined into batches. */
export function remoteTier(calls: StoreCalls, clock: Clock, events: Events): Tier {
  const { store } = calls
  const batch = new ReadBatch(calls)

  function unusable(address: Address, version: Version, reason: UnusableReason): Slot {
    // A dead frame is an ordinary miss; everything else is news.
    if (reason !== 'dead' && events.active) events.emit({ type: 'unusable', key: address.key, reason })
    return { kind: 'unusable', version, reason }
  }

  function slotOf(address: Address, stored: Stored | undefined, view: View): Slot | Promise<Slot> {
    if (stored === undefined) return EMPTY
    const { version } = stored
    if (!view.format.codec.framed) {
      const entry: Entry<unknown> = { ...UNFRAMED, value: view.format.codec.decode(stored.bytes) }
      return schemaChecked(address, { kind: 'value', entry, version, id: () => version }, view)
    }
    const head = decodeHead(address.at, stored.bytes)
    if (head.kind === 'unreadable') return unusable(address, version, head.reason)
    // Whoever can't check an entry's tags must not serve it.
    if (head.kind === 'value' && (head.flags & FLAG_TAGS) !== 0) return unusable(address, version, 'format')
    if (head.kind === 'marker') {
      return head.open ? { kind: 'open', version } : { kind: 'marker', holder: head.holder, version }
    }
    const { createdAt, loadTime, deleteAt, schemaVersion } = head
    // Without grace there is no span in which an expired value could be served.
    const dead = clock.now() >= deleteAt || (head.expired && deleteAt === head.staleAt)
    if (dead) return unusable(address, version, 'dead')
    if (schemaVersion > view.schemaVersion) return NEWER
    if (schemaVersion < view.schemaVersion) return unusable(address, version, 'version')
    const payload = decodePayload(head, stored.bytes, view.format.codec.decoders)
    if (!payload.ok) return unusable(address, version, payload.reason)
    const staleAt = head.expired ? 0 : head.staleAt
    const entry: Entry<unknown> = {
      value: payload.value,
      createdAt,
      loadTime,
      staleAt,
      deleteAt,
      schemaVersion,
    }
    const found: FoundValue = { kind: 'value', entry, version, id: () => head.bits }
    return (head.flags & FLAG_UNCHECKED) === 0 ? schemaChecked(address, found, view) : found
  }

  function schemaChecked(address: Address, found: FoundValue, { schema }: View): Slot | Promise<Slot> {
    if (schema === undefined) return found
    const judge = (passed: boolean) => (passed ? found : unusable(address, found.version, 'schema'))
    const passed = passes(schema, found.entry.value)
    return typeof passed === 'boolean' ? judge(passed) : passed.then(judge)
  }

  function add(at: string, bytes: Uint8Array, ttl: Milliseconds): Promise<Version | undefined> {
    return calls.run('add', [at], s => s.add(at, bytes, ttl), {
      // An answer that comes too late has left a marker that nobody holds: it would make others wait for nothing.
      late(version) {
        if (version !== undefined) calls.run('delete', [at], s => s.delete(at, version)).catch(() => {})
      },
    })
  }

  async function read(address: Address, view: View): Promise<Slot> {
    let stored: Stored | undefined
    try {
      stored = await batch.read(address.at)
    } catch {
      // Reported where the call was made; to a reader it is a miss.
      return UNREACHABLE
    }
    return slotOf(address, stored, view)
  }

  return {
    name: 'remote',
    address: (space, key) => ({ key, at: wireKey(space, key), space }),
    read,
    readMany: (addresses, view) => Promise.all(addresses.map(address => read(address, view))),
    pack(address, entry, view, checkable) {
      const { codecId, payload } = view.format.codec.encode(entry.value)
      if (!view.format.codec.framed) return withinLimit(address, payload)
      const { compression } = view.format
      const smaller = compression === undefined ? undefined : compress(payload, compression)
      const frame = encodeFrame(address.at, {
        meta: entry,
        expired: false,
        codecId,
        flags: (smaller === undefined ? 0 : FLAG_COMPRESSED) | (checkable ? 0 : FLAG_UNCHECKED),
        payload: smaller ?? payload,
      })
      return withinLimit(address, frame)
    },
    packMarker: (address, holder, open) => encodeMarker(address.at, holder, open),
    async elect(address, id, holder, ttl) {
      const at = ownKey(address.space, 'refresh', String(id))
      const marker = encodeMarker(at, holder, false)
      const elected = await add(at, marker, ttl)
      if (elected === undefined) return undefined
      let version: Version | undefined = elected
      return {
        async renew() {
          const held = version
          if (held !== undefined)
            version = await calls.run('replace', [at], s => s.replace(at, marker, ttl, held))
        },
        async giveUp() {
          if (version !== undefined) await calls.run('delete', [at], s => s.delete(at, version))
        },
      }
    },
    set: (at, packed, ttl) => calls.run('set', [at], s => s.set(at, packed as Uint8Array, ttl)),
    add: (at, packed, ttl) => add(at, packed as Uint8Array, ttl),
    replace: (at, packed, ttl, version) =>
      calls.run('replace', [at], s => s.replace(at, packed as Uint8Array, ttl, version)),
    delete: (at, version) => calls.run('delete', [at], s => s.delete(at, version)),
    async deleteMany(ats) {
      for (const piece of pieces(ats, LARGEST_DELETE)) {
        await calls.run('deleteMany', piece, s => s.deleteMany(piece))
      }
    },
    async expire(address, linger) {
      const { at } = address
      if (store.expire !== undefined) {
        await calls.run('expire', [at], s => (s.expire as NonNullable<typeof s.expire>)(at, randomBits()))
        return
      }
      for (let attempt = 0; attempt < 2; attempt++) {
        const stored = await calls.run('get', [at], s => s.get(at))
        if (stored === undefined) return
        const head = decodeHead(address.at, stored.bytes)
        const ttl = head.kind === 'value' ? head.deleteAt + linger - clock.now() : 0
        if (ttl < 1) break
        const replaced = await calls.run('replace', [at], s =>
          s.replace(at, asExpired(stored.bytes), ttl, stored.version),
        )
        if (replaced !== undefined) return
      }
      await calls.run('delete', [at], s => s.delete(at))
    },
    clearPrefix: wireClearPrefix,
    async clear(prefix) {
      if (store.clear === undefined) {
        throw new CacheError(
          'ERR_CACHE_UNSUPPORTED',
          `${store.name} can't list its keys, so clear() of the prefix '${prefix.slice(0, -1)}' is not possible there; delete the keys you know, or raise their 'version'`,
        )
      }
      const call = (s: RemoteStore) => (s.clear as NonNullable<typeof s.clear>)(prefix)
      await calls.run('clear', [prefix], call, { timeout: CLEAR_TIMEOUT })
    },
    ping: timeout => calls.ping(timeout),
  }

  function withinLimit(address: Address, bytes: Uint8Array): Uint8Array {
    const { maxValueBytes } = store.limits
    if (bytes.byteLength <= maxValueBytes) return bytes
    throw new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `the value of '${address.key}' takes ${bytes.byteLength} bytes; ${store.name} takes at most ${maxValueBytes}. Compress it, split it, or raise the limit of the store and its server`,
    )
  }
}

/** A value without a frame has no instants of its own: it is fresh for as long as the store keeps it. */
const UNFRAMED: EntryMeta = {
  createdAt: 0,
  loadTime: 0,
  staleAt: Number.POSITIVE_INFINITY,
  deleteAt: Number.POSITIVE_INFINITY,
  schemaVersion: 0,
}
