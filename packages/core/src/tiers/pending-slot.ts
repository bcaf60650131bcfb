import type { ReadTags } from '../tags/read-tags.js'
import type { Answer } from './read-batch.js'
import { type Slot, UNREACHABLE } from './slot.js'
import type { Stored } from './store.js'
import type { Address, View } from './tier.js'

/** Makes a slot of what a store has at a key. */
export type SlotOf = (
  address: Address,
  stored: Stored | undefined,
  view: View,
  known: ReadTags,
) => Slot | Promise<Slot>

/** What a read of one key will have found, made of the answer by whoever waits for it. */
export class PendingSlot implements PromiseLike<Slot> {
  readonly #answer: Answer
  readonly #address: Address
  readonly #view: View
  readonly #known: ReadTags
  readonly #slotOf: SlotOf

  constructor(answer: Answer, address: Address, view: View, known: ReadTags, slotOf: SlotOf) {
    this.#answer = answer
    this.#address = address
    this.#view = view
    this.#known = known
    this.#slotOf = slotOf
  }

  /** Resolves once `slot` can tell; the same promise for all that travel together. */
  get settled(): Promise<unknown> {
    return this.#known.settledWith(this.#answer)
  }

  /** What was found. */
  slot(): Slot | Promise<Slot> {
    const answer = this.#answer
    const known = this.#known
    // Reported where the call was made; to a reader it is a miss.
    if (answer.error !== undefined || known.isLacking) return UNREACHABLE
    const slot = this.#slotOf(this.#address, answer.stored, this.#view, known)
    if (known.isEmpty) return slot
    return slot instanceof Promise ? slot.then(one => knowing(one, known)) : knowing(slot, known)
  }

  // biome-ignore lint/suspicious/noThenProperty: it is one, for those who may as well await it
  then<T, E = never>(
    use: ((slot: Slot) => T | PromiseLike<T>) | null | undefined,
    refuse?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return this.settled.then(() => this.slot()).then(use, refuse)
  }
}

/** A slot with what was known of tags before, where it has learnt nothing of its own. */
function knowing(slot: Slot, known: ReadTags): Slot {
  return slot.tags === undefined ? { ...slot, tags: known } : slot
}
