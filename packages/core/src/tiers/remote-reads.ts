import type { UnusableReason } from '../events.js'
import type { Generations } from '../tags/generations.js'
import { GENERATION, type RemoteTags } from '../tags/remote-tags.js'
import { namesOf, type Tagged, type Token, type Validity, validity, worstValidity } from '../tags/token.js'
import type { CodecLookup } from '../values/codec.js'
import { counterDigits, countOf } from '../values/counter.js'
import { type Entry, UNFRAMED } from '../values/entry.js'
import {
  decodeFrameTags,
  decodeHead,
  decodePayload,
  FLAG_UNCHECKED,
  type FrameHead,
} from '../values/frame.js'
import { passes } from '../values/schema-check.js'
import type { ReadBatch, StoredReader } from './read-batch.js'
import type { RemoteTierContext } from './remote-tier.js'
import { BLOCKED, EMPTY, type FoundValue, NEWER, type Slot, type SlotTags, UNREACHABLE } from './slot.js'
import type { Stored, Version } from './store.js'
import { type StoreCalls, unanswered } from './store-calls.js'
import type { Address, View } from './tier.js'

/** What a read without tags has learnt of them. */
const NO_SLOT_TAGS: SlotTags = { tokens: new Map(), found: [], generation: undefined }

type SlotOf = (
  address: Address,
  stored: Stored | undefined,
  view: View,
  known: SlotTags,
) => Slot | Promise<Slot>

/** What the tags of a frame have come to. */
interface Judged {
  readonly validity: Validity
  readonly tags: SlotTags | undefined
}

const VALID: Judged = { validity: 'valid', tags: undefined }

/** Reads what a remote store holds: the value with what its tags say of it, a marker, or why it can't be used. */
export function remoteReads(
  calls: StoreCalls,
  batch: ReadBatch,
  tags: RemoteTags,
  generations: Generations | undefined,
  { clock, events, undelivered }: RemoteTierContext,
): (address: Address, view: View) => Slot | Promise<Slot> {
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
    const head = decodeHead(address.at, stored.bytes)
    const { codec } = view.format
    if (!codec.framed) {
      // A cache with another codec has been here: its bytes, whole as they are, are no value of this one.
      if (head.kind !== 'unreadable') return unusable(address, version, 'foreign')
      return unframedSlot(address, stored, view, codec.decode)
    }
    if (head.kind === 'unreadable') {
      const digits = head.reason === 'foreign' ? counterDigits(stored.bytes) : undefined
      if (digits === undefined) return unusable(address, version, head.reason)
      return unframedSlot(address, stored, view, () => countOf(digits))
    }
    if (head.kind === 'marker') {
      const { holder, mark } = head
      return mark === 'open'
        ? { kind: 'open', version }
        : { kind: 'marker', holder, version, forWrite: mark === 'write' }
    }
    const written = decodeFrameTags(head, stored.bytes)
    if (written === undefined) return unusable(address, version, 'corrupt')
    // Where keys can be listed what was cleared is gone: a generation is that of a store the frame was moved from.
    const moved = generations === undefined && written[0]?.name === GENERATION
    const tagged = moved ? written.slice(1) : written
    const judged = judge(address, head, view, tagged, known)
    const { decoders } = codec
    if (!(judged instanceof Promise)) return valueSlot(address, head, stored, view, judged, decoders)
    // Without its tokens nobody knows what an entry is worth.
    return judged.then(one =>
      one === undefined ? UNREACHABLE : valueSlot(address, head, stored, view, one, decoders),
    )
  }

  function unframedSlot(
    address: Address,
    { bytes, version, foreign }: Stored,
    view: View,
    decode: (bytes: Uint8Array) => unknown,
  ): Slot | Promise<Slot> {
    if (foreign) return unusable(address, version, 'foreign')
    // What has no frame has no tags.
    if (view.tags.length > 0) return unusable(address, version, 'tag')
    let value: unknown
    try {
      value = decode(bytes)
    } catch {
      return unusable(address, version, 'foreign')
    }
    const entry: Entry<unknown> = { ...UNFRAMED, schemaVersion: view.schemaVersion, value }
    const identity = { bits: version }
    const found: FoundValue = { kind: 'value', entry, version, identity, checkable: true }
    return schemaChecked(address, found, view)
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
    const [first] = tagged
    if (view.tags.length === 0 && tagged.length < 2) {
      if (first === undefined && known.generation === undefined) return VALID
      // No tags but the generation, as most that is read where stores have them.
      if (generations !== undefined && first?.name === GENERATION) {
        return { validity: validity(first.token, known.generation), tags: known }
      }
    }
    const names = tagged.map(({ name }) => name)
    const found = namesOf(tagged)
    const result = (worst: Validity, tokens: SlotTags['tokens']): Judged => ({
      validity: worst,
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
    const entry: Entry<unknown> = expired
      ? { value: payload.value, createdAt, loadTime, staleAt: 0, deleteAt, schemaVersion }
      : head.withValue(payload.value)
    const checkable = (head.flags & FLAG_UNCHECKED) === 0
    const found: FoundValue = { kind: 'value', entry, version, identity: head, checkable, tags }
    return checkable ? schemaChecked(address, found, view) : found
  }

  function schemaChecked(address: Address, found: FoundValue, { schema }: View): Slot | Promise<Slot> {
    if (schema === undefined) return found
    const slot = (passed: boolean): Slot =>
      passed ? found : { ...unusable(address, found.version, 'schema'), tags: found.tags }
    const passed = passes(schema, found.entry.value)
    return typeof passed === 'boolean' ? slot(passed) : passed.then(slot)
  }

  function read(address: Address, view: View): Slot | Promise<Slot> {
    const { space, at } = address
    // What this process has invalidated and the store has not taken is not to be believed.
    // Whether the store answers decides who may share a load meanwhile.
    if (undelivered.blocks(at)) return calls.areAnswered ? BLOCKED : UNREACHABLE
    if (!view.format.codec.framed || (view.tags.length === 0 && generations === undefined)) {
      return readKey(address, view, NO_SLOT_TAGS)
    }
    const generation = view.tags.length === 0 ? generations?.current(space, at) : undefined
    if (generation === undefined || generation instanceof Promise) return readTagged(address, view)
    return readKey(address, view, { ...NO_SLOT_TAGS, generation })
  }

  /** Reads a key whose tags need no answer but its own. */
  function readKey(address: Address, view: View, known: SlotTags): Promise<Slot> {
    // Told, not awaited: what reads most needs no promise but its own.
    return new Promise((resolve, reject) =>
      batch.tell(address.at, new KeyRead(slotOf, address, view, known, resolve, reject)),
    )
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

  return read
}

/** One read of one key, told what the store has. */
class KeyRead implements StoredReader {
  readonly #slotOf: SlotOf
  readonly #address: Address
  readonly #view: View
  readonly #known: SlotTags
  readonly #resolve: (slot: Slot | Promise<Slot>) => void
  readonly #reject: (error: unknown) => void

  constructor(
    slotOf: SlotOf,
    address: Address,
    view: View,
    known: SlotTags,
    resolve: (slot: Slot | Promise<Slot>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#slotOf = slotOf
    this.#address = address
    this.#view = view
    this.#known = known
    this.#resolve = resolve
    this.#reject = reject
  }

  found(stored: Stored | undefined): void {
    try {
      const slot = this.#slotOf(this.#address, stored, this.#view, this.#known)
      if (this.#known === NO_SLOT_TAGS) this.#resolve(slot)
      else this.#resolve(slot instanceof Promise ? slot.then(one => this.#tagged(one)) : this.#tagged(slot))
    } catch (error) {
      // A store that keeps no contract fails this reader, and not those who are told after it.
      this.#reject(error)
    }
  }

  /** Reported where the call was made; to a reader it is a miss. */
  failed(): void {
    this.#resolve(UNREACHABLE)
  }

  #tagged(slot: Slot): Slot {
    return slot.tags === undefined ? { ...slot, tags: this.#known } : slot
  }
}
