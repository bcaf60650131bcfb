import { atMost } from '../at-most.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { RemoteStore, Stored, Version } from '../tiers/store.js'
import { CALLS_AT_ONCE } from '../tiers/store-calls.js'
import { LateDeletes } from './late-deletes.js'
import { lifetimeLeft } from './lifetime-left.js'
import { SecondStore } from './second-store.js'
import { newTombstone, tombstoneKey } from './tombstone.js'

/** What a read of the old store has come to; an error says that nobody knows what it holds. */
export type OldSlot = Stored | Error | undefined

/** In this phase, or by this process, or since a delete that has not landed. */
const NOT_READ = new Error('the old store is not read')

/** How the old store is treated. */
export interface OldStoreOptions {
  readonly clock: Clock
  readonly timeout: Milliseconds
  /** How long a tombstone is kept. */
  readonly keepFor: Milliseconds
  /** Whether it is read at all. */
  readonly reads: boolean
}

/**
 * The old store, as seen by those who use the new one: it may fail, but what was deleted does not come back from it.
 *
 * A delete that it does not take leaves a tombstone in the new store, by which every process knows not to read the key
 * here, and is sent again until it lands.
 */
export class OldStore {
  readonly #old: SecondStore
  readonly #to: RemoteStore
  /** The new store as the background uses it, where nobody else sets a deadline. */
  readonly #fresh: SecondStore
  readonly #options: OldStoreOptions
  readonly #late: LateDeletes

  constructor(from: RemoteStore, to: RemoteStore, options: OldStoreOptions) {
    this.#old = new SecondStore(from, options.clock, options.timeout)
    this.#to = to
    this.#fresh = new SecondStore(to, options.clock, options.timeout)
    this.#options = options
    this.#late = new LateDeletes(options.clock, key => this.#deliver(key))
  }

  /** When the patience ends of an operation that begins now. */
  until(): Milliseconds {
    return this.#old.until()
  }

  /** What is there, in the order of `keys`: a first look, which a tombstone may belie. */
  async look(keys: readonly string[], until: Milliseconds): Promise<OldSlot[]> {
    const slots = new Array<OldSlot>(keys.length).fill(NOT_READ)
    const { reads } = this.#options
    const wanted = [...keys.keys()].filter(at => reads && !this.#isBlocked(keys[at] as string))
    const [first] = wanted
    if (first === undefined) return slots
    try {
      const names = wanted.map(at => keys[at] as string)
      const found =
        names.length === 1
          ? [await this.#old.ask(old => old.get(names[0] as string), until)]
          : await this.#old.ask(old => readMany(old, names), until)
      for (const [index, at] of wanted.entries()) slots[at] = found[index]
    } catch (error) {
      for (const at of wanted) slots[at] = error as Error
    }
    return slots
  }

  /** Whether a slot has a value that is of use to anybody. */
  holds(key: string, slot: OldSlot): slot is Stored {
    if (slot === undefined || slot instanceof Error) return false
    return lifetimeLeft(key, slot.bytes, this.#options.clock.now()) !== 'over'
  }

  /** Whether it makes no sense to ask again what an error has left open: whatever is there does not count. */
  isGivenUp(error: Error): boolean {
    return error === NOT_READ || this.#old.isDown
  }

  /**
   * What is there and has not been deleted. For a key that was claimed in the new store before, the answer holds for as
   * long as the claim does: whoever deletes the key ends the claim after that.
   */
  async read(keys: readonly string[], until: Milliseconds): Promise<OldSlot[]> {
    // Before the old store is read: a tombstone goes once the delete has landed there.
    const tombstones = await this.#to.getMany(keys.map(tombstoneKey))
    const clean = keys.filter((_, index) => tombstones[index] === undefined)
    const found = await this.look(clean, until)
    const byKey = new Map(clean.map((key, index) => [key, found[index]]))
    return keys.map(key => (byKey.has(key) ? byKey.get(key) : NOT_READ))
  }

  /**
   * Deletes keys for good, by a tombstone where the old store does not take it; resolves to whether one was there.
   *
   * @throws what the new store throws, where that is needed and does not take the tombstone.
   */
  async forget(keys: readonly string[], until = this.until()): Promise<boolean> {
    const [only] = keys
    if (only === undefined) return false
    try {
      if (keys.length === 1) return await this.#old.ask(old => old.delete(only), until)
      await this.#old.ask(old => old.deleteMany(keys), until)
      return true
    } catch {
      this.#late.add(keys)
      const { keepFor } = this.#options
      await atMost(CALLS_AT_ONCE, keys, key => this.#to.set(tombstoneKey(key), newTombstone(), keepFor))
      return false
    }
  }

  /** Deletes the very bytes that a version names; rejects where the old store does not answer. */
  remove(key: string, version: Version, until = this.until()): Promise<boolean> {
    return this.#old.ask(old => old.delete(key, version), until)
  }

  close(): Promise<void> {
    return this.#late.close()
  }

  /** What this process could not delete it does not read; nor anything, once it has lost count. */
  #isBlocked(key: string): boolean {
    return this.#late.overflowed || this.#late.has(key)
  }

  async #deliver(key: string): Promise<void> {
    const at = tombstoneKey(key)
    // First, since a later one stands for a later delete.
    const tombstone = await this.#fresh.ask(to => to.get(at))
    await this.#old.ask(old => old.delete(key))
    if (tombstone !== undefined) await this.#fresh.ask(to => to.delete(at, tombstone.version))
  }
}

/** A batch in which nothing could be read has failed as a call. */
async function readMany(old: RemoteStore, keys: readonly string[]): Promise<OldSlot[]> {
  const slots = await old.getMany(keys)
  const [first] = slots
  if (first instanceof Error && slots.every(slot => slot instanceof Error)) throw first
  return slots
}
