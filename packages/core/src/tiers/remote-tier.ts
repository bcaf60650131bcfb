import { pieces } from '../at-most.js'
import type { Background } from '../background.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, isCacheError } from '../errors.js'
import type { Events, UnusableReason } from '../events.js'
import type { Undelivered } from '../invalidation/undelivered.js'
import { ownKey, wireClearPrefix, wireKey } from '../keys/key.js'
import { randomBits } from '../random-bits.js'
import { Generations } from '../tags/generations.js'
import { GENERATION, RemoteTags } from '../tags/remote-tags.js'
import { StoredTokens } from '../tags/stored-tokens.js'
import { type Tagged, type Token, type Validity, worstValidity } from '../tags/token.js'
import type { CodecLookup } from '../values/codec.js'
import { compress } from '../values/compression.js'
import type { Entry, EntryMeta } from '../values/entry.js'
import {
  asExpired,
  decodeFrameTags,
  decodeHead,
  decodePayload,
  encodeFrame,
  encodeMarker,
  FLAG_COMPRESSED,
  FLAG_UNCHECKED,
  type FrameHead,
} from '../values/frame.js'
import { passes } from '../values/schema-check.js'
import { ReadBatch } from './read-batch.js'
import { BLOCKED, EMPTY, type FoundValue, NEWER, type Slot, type SlotTags, UNREACHABLE } from './slot.js'
import type { RemoteStore, Stored, Version } from './store.js'
import type { StoreCalls } from './store-calls.js'
import type { Address, Tier, View } from './tier.js'

/** How long it may take to find and delete everything under a prefix. */
const CLEAR_TIMEOUT: Milliseconds = 60_000

/** Most keys of one request, so that each has its own deadline. */
const LARGEST_DELETE = 1_024

/** What a read without tags has learnt of them. */
const NO_SLOT_TAGS: SlotTags = { tokens: new Map(), found: [], generation: undefined }

/** What the remote tiers of several caches over one store share, and what their cache reports to. */
export interface RemoteTierContext {
  readonly clock: Clock
  readonly events: Events
  readonly background: Background
  readonly undelivered: Undelivered
}

/** A remote store as a tier: frames on the wire, reads joined into batches. */
export function remoteTier(calls: StoreCalls, context: RemoteTierContext): Tier {
  const { clock, events, background, undelivered } = context
  const { store } = calls
  const batch = new ReadBatch(calls)
  const storedTokens = new StoredTokens(calls, batch, clock)
  const generations =
    store.clear === undefined ? new Generations(calls, storedTokens, clock, background) : undefined
  const tags = new RemoteTags(calls, storedTokens, undelivered, generations, background)

  function unusable(address: Address, version: Version, reason: UnusableReason): Slot {
    // A dead frame is an ordinary miss; everything else is news.
    if (reason !== 'dead' && events.active) events.emit({ type: 'unusable', key: address.key, reason })
    return { kind: 'unusable', version, reason }
  }

  function slotOf(
    address: Address,
    stored: Stored | undefined,
    view: View,
    known: SlotTags,
  ): Slot | Promise<Slot> {
    if (stored === undefined) return EMPTY
    const { version } = stored
    if (!view.format.codec.framed) {
      const entry: Entry<unknown> = { ...UNFRAMED, value: view.format.codec.decode(stored.bytes) }
      const found: FoundValue = { kind: 'value', entry, version, id: () => version, checkable: true }
      return schemaChecked(address, found, view)
    }
    const head = decodeHead(address.at, stored.bytes)
    if (head.kind === 'unreadable') return unusable(address, version, head.reason)
    if (head.kind === 'marker') {
      return head.open ? { kind: 'open', version } : { kind: 'marker', holder: head.holder, version }
    }
    const tagged = decodeFrameTags(head, stored.bytes)
    if (tagged === undefined) return unusable(address, version, 'corrupt')
    const judged = judge(address, head, view, tagged, known)
    const { decoders } = view.format.codec
    if (!(judged instanceof Promise)) return valueSlot(address, head, stored, view, judged, decoders)
    // Without its tokens nobody knows what an entry is worth.
    return judged.then(one =>
      one === undefined ? UNREACHABLE : valueSlot(address, head, stored, view, one, decoders),
    )
  }

  /** What its tags say of a frame: those that the call has not named cost another round trip. */
  function judge(
    { space }: Address,
    { createdAt, deleteAt }: FrameHead,
    view: View,
    tagged: readonly Tagged[],
    known: SlotTags,
  ): Judged | Promise<Judged | undefined> {
    undelivered.outlive(deleteAt - createdAt)
    const names = tagged.map(({ name }) => name)
    const found = names.filter(name => name !== GENERATION)
    if (tagged.length === 0 && view.tags.length === 0 && known.generation === undefined) return VALID
    const result = (validity: Validity, tokens: SlotTags['tokens']): Judged => ({
      validity,
      tags: { tokens, found, generation: known.generation },
    })
    const fits = view.tags.every(name => names.includes(name))
    const cleared = generations !== undefined && !names.includes(GENERATION)
    if (!fits || cleared || clock.now() >= deleteAt)
      return result(fits && !cleared ? 'valid' : 'dead', known.tokens)
    const verdict = (tokens: Map<string, Token | undefined>): Judged => {
      tokens.set(GENERATION, known.generation)
      return result(worstValidity(tagged, tokens), tokens)
    }
    const missing = found.some(name => !known.tokens.has(name))
    if (!missing) return verdict(new Map(known.tokens))
    return tags.read(space, found, known.tokens).then(verdict, unanswered)
  }

  function valueSlot(
    address: Address,
    head: FrameHead,
    { bytes, version }: Stored,
    view: View,
    { validity, tags }: Judged,
    codecs: CodecLookup,
  ): Slot | Promise<Slot> {
    const { createdAt, loadTime, deleteAt, schemaVersion } = head
    const expired = head.expired || validity === 'stale'
    // Without grace there is no span in which an expired value could be served.
    const dead = clock.now() >= deleteAt || (expired && deleteAt === head.staleAt)
    if (dead) return { ...unusable(address, version, 'dead'), tags }
    if (validity === 'dead') return { ...unusable(address, version, 'tag'), tags }
    if (schemaVersion > view.schemaVersion) return { ...NEWER, tags }
    if (schemaVersion < view.schemaVersion) return { ...unusable(address, version, 'version'), tags }
    const payload = decodePayload(head, bytes, codecs)
    if (!payload.ok) return { ...unusable(address, version, payload.reason), tags }
    const entry: Entry<unknown> = {
      value: payload.value,
      createdAt,
      loadTime,
      staleAt: expired ? 0 : head.staleAt,
      deleteAt,
      schemaVersion,
    }
    const checkable = (head.flags & FLAG_UNCHECKED) === 0
    const found: FoundValue = { kind: 'value', entry, version, id: () => head.bits, checkable, tags }
    return checkable ? schemaChecked(address, found, view) : found
  }

  function schemaChecked(address: Address, found: FoundValue, { schema }: View): Slot | Promise<Slot> {
    if (schema === undefined) return found
    const slot = (passed: boolean): Slot =>
      passed ? found : { ...unusable(address, found.version, 'schema'), tags: found.tags }
    const passed = passes(schema, found.entry.value)
    return typeof passed === 'boolean' ? slot(passed) : passed.then(slot)
  }

  function add(at: string, bytes: Uint8Array, ttl: Milliseconds): Promise<Version | undefined> {
    return calls.run('add', [at], s => s.add(at, bytes, ttl), {
      // An answer that comes too late has left a marker that nobody holds: it would make others wait for nothing.
      late(version) {
        if (version !== undefined) calls.run('delete', [at], s => s.delete(at, version)).catch(() => {})
      },
    })
  }

  function read(address: Address, view: View): Slot | Promise<Slot> {
    // What this process has invalidated and the store has not taken is not to be believed.
    // Whether the store answers decides who may share a load meanwhile.
    if (undelivered.blocks(address.at)) return calls.areAnswered ? BLOCKED : UNREACHABLE
    const framed = view.format.codec.framed
    const tagged = framed && (view.tags.length > 0 || generations !== undefined)
    return tagged ? readTagged(address, view) : readPlain(address, view)
  }

  async function readPlain(address: Address, view: View): Promise<Slot> {
    let stored: Stored | undefined
    try {
      stored = await batch.read(address.at)
    } catch {
      // Reported where the call was made; to a reader it is a miss.
      return UNREACHABLE
    }
    return slotOf(address, stored, view, NO_SLOT_TAGS)
  }

  async function readTagged(address: Address, view: View): Promise<Slot> {
    const { space, at } = address
    // All in one tick, and so in one round trip.
    const reading = batch.read(at)
    const generation = generations?.current(space, at)
    const [found, tokens, current] = await Promise.all([
      reading.catch(() => UNREACHABLE),
      tags.read(space, view.tags).catch(unanswered),
      generation,
    ])
    // Without its generation nobody knows whether an entry has been cleared.
    if (found === UNREACHABLE || tokens === undefined) return UNREACHABLE
    if (generations !== undefined && current === undefined) return UNREACHABLE
    const known: SlotTags = { tokens, found: [], generation: current }
    const slot = await slotOf(address, found as Stored | undefined, view, known)
    return slot.tags === undefined ? { ...slot, tags: known } : slot
  }

  return {
    name: 'remote',
    address: (space, key) => ({ key, at: wireKey(space, key), space }),
    read,
    readMany: (addresses, view) => Promise.all(addresses.map(address => read(address, view))),
    pack(address, entry, view, checkable, tagged) {
      const { codecId, payload } = view.format.codec.encode(entry.value)
      if (!view.format.codec.framed) return withinLimit(address, payload)
      const { compression } = view.format
      const smaller = compression === undefined ? undefined : compress(payload, compression)
      const frame = encodeFrame(address.at, {
        meta: entry,
        expired: false,
        codecId,
        flags: (smaller === undefined ? 0 : FLAG_COMPRESSED) | (checkable ? 0 : FLAG_UNCHECKED),
        tagged,
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
    tags,
    set: ({ at }, packed, ttl) => calls.run('set', [at], s => s.set(at, packed as Uint8Array, ttl)),
    add: (at, packed, ttl) => add(at, packed as Uint8Array, ttl),
    replace: (at, packed, ttl, version) =>
      calls.run('replace', [at], s => s.replace(at, packed as Uint8Array, ttl, version)),
    delete: (at, version) => calls.run('delete', [at], s => s.delete(at, version)),
    async drop(addresses) {
      const ats = addresses.map(({ at }) => at)
      const [only] = ats
      if (ats.length === 1 && only !== undefined) {
        await calls.run('delete', [only], s => s.delete(only))
        return
      }
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
    async clear(space) {
      if (generations !== undefined) {
        // Throws for a root without a prefix, whose keys can't be told from those of others.
        wireClearPrefix(space)
        await generations.clear(space)
        return
      }
      const prefix = wireClearPrefix(space)
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

/** What the tags of a frame have come to. */
interface Judged {
  readonly validity: Validity
  readonly tags: SlotTags | undefined
}

const VALID: Judged = { validity: 'valid', tags: undefined }

/** What the store does not answer has been reported where the call was made. */
function unanswered(error: unknown): undefined {
  if (!isCacheError(error)) throw error
}

/** A value without a frame has no instants of its own: it is fresh for as long as the store keeps it. */
const UNFRAMED: EntryMeta = {
  createdAt: 0,
  loadTime: 0,
  staleAt: Number.POSITIVE_INFINITY,
  deleteAt: Number.POSITIVE_INFINITY,
  schemaVersion: 0,
}
