import type { UnusableReason } from '../events.js'
import type { Generations } from '../tags/generations.js'
import { GENERATION, ReadTags } from '../tags/read-tags.js'
import type { RemoteTags } from '../tags/remote-tags.js'
import { NO_TAGS } from '../tags/tag-names.js'
import { namesOf, type Tagged, type Token, type Validity, worstValidity } from '../tags/token.js'
import type { CodecLookup } from '../values/codec.js'
import { counterDigits, countOf } from '../values/counter.js'
import { type Entry, unframed } from '../values/entry.js'
import {
  decodeFrameTags,
  decodeHead,
  decodePayload,
  FLAG_UNCHECKED,
  type FrameHead,
} from '../values/frame.js'
import { passes } from '../values/schema-check.js'
import { PendingSlot } from './pending-slot.js'
import type { ReadBatch } from './read-batch.js'
import type { RemoteTierContext } from './remote-tier.js'
import { BLOCKED, EMPTY, type FoundValue, type Slot, type SlotTags, UNREACHABLE } from './slot.js'
import type { Stored, Version } from './store.js'
import { type StoreCalls, unanswered } from './store-calls.js'
import type { Address, View } from './tier.js'

/** What the tags of a frame have come to. */
interface Judged {
  readonly validity: Validity
  readonly tags: SlotTags | undefined
}

/** Reads what a remote store holds: the value with what its tags say of it, a marker, or why it can't be used. */
export function remoteReads(
  calls: StoreCalls,
  batch: ReadBatch,
  tags: RemoteTags,
  generations: Generations | undefined,
  { clock, events, undelivered }: RemoteTierContext,
): (address: Address, view: View) => Slot | PromiseLike<Slot> {
  /** What a read without tags knows of them. */
  const noTags = new ReadTags(NO_TAGS, [], undelivered, undefined, false)

  function unusable(
    address: Address,
    version: Version,
    reason: UnusableReason,
    tags?: SlotTags | undefined,
  ): Slot {
    // A dead frame is an ordinary miss; everything else is news.
    if (reason !== 'dead' && events.active) events.emit({ type: 'unusable', key: address.key, reason })
    return { kind: 'unusable', version, reason, tags }
  }

  function slotOf(
    address: Address,
    stored: Stored | undefined,
    view: View,
    known: ReadTags,
  ): Slot | Promise<Slot> {
    if (stored === undefined) return EMPTY
    const { version } = stored
    const head = decodeHead(address.at, stored.bytes, address.hash)
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
        ? { kind: 'open', version, tags: undefined }
        : { kind: 'marker', holder, version, forWrite: mark === 'write', tags: undefined }
    }
    const { decoders } = codec
    if (known.match(head, stored.bytes)) {
      undelivered.outlive(head.deleteAt - head.createdAt)
      const tagsOf = known.isEmpty ? undefined : known
      return valueSlot(address, head, stored, view, 'valid', tagsOf, decoders)
    }
    const written = decodeFrameTags(head, stored.bytes)
    if (written === undefined) return unusable(address, version, 'corrupt')
    // Where keys can be listed what was cleared is gone: a generation is that of a store the frame was moved from.
    const moved = generations === undefined && written[0]?.name === GENERATION
    const tagged = moved ? written.slice(1) : written
    const judged = judge(address, head, view, tagged, known)
    const slot = (one: Judged) => valueSlot(address, head, stored, view, one.validity, one.tags, decoders)
    if (!(judged instanceof Promise)) return slot(judged)
    // Without its tokens nobody knows what an entry is worth.
    return judged.then(one => (one === undefined ? UNREACHABLE : slot(one)))
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
    const entry = unframed(view.schemaVersion, value)
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
    validity: Validity,
    tags: SlotTags | undefined,
    codecs: CodecLookup,
  ): Slot | Promise<Slot> {
    const { createdAt, loadTime, deleteAt, schemaVersion } = head
    const expired = head.expired || validity === 'stale'
    // Without grace there is no span in which an expired value could be served.
    const dead = clock.now() >= deleteAt || (expired && deleteAt === head.staleAt)
    if (dead) return unusable(address, version, 'dead', tags)
    if (validity === 'dead') return unusable(address, version, 'tag', tags)
    if (schemaVersion > view.schemaVersion) return { kind: 'newer', tags }
    if (schemaVersion < view.schemaVersion) return unusable(address, version, 'version', tags)
    const payload = decodePayload(head, bytes, codecs)
    if (!payload.ok) return unusable(address, version, payload.reason, tags)
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
      passed ? found : unusable(address, found.version, 'schema', found.tags)
    const passed = passes(schema, found.entry.value)
    return typeof passed === 'boolean' ? slot(passed) : passed.then(slot)
  }

  function read(address: Address, view: View): Slot | PromiseLike<Slot> {
    const { space, at, hash } = address
    // What this process has invalidated and the store has not taken is not to be believed.
    // Whether the store answers decides who may share a load meanwhile.
    if (undelivered.blocks(at)) return calls.areAnswered ? BLOCKED : UNREACHABLE
    const answer = batch.ask(at, hash)
    const untagged = view.tags.length === 0 && generations === undefined
    const known = untagged || !view.format.codec.framed ? noTags : tags.ask(space, view.tags, at)
    return new PendingSlot(answer, address, view, known, slotOf)
  }

  return read
}
