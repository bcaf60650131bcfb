import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { RemoteStore, Stored, StoreShards, Version } from '../tiers/store.js'
import { lifetimeLeft } from './lifetime-left.js'
import type { MovedCounters } from './moved-counters.js'
import { decodeMoving, encodeMoving, MOVING_TTL, type MovingCounter } from './moving.js'
import { OldGenerations } from './old-generations.js'
import type { OldSlot, OldStore } from './old-store.js'
import { servedFromOld } from './old-version.js'

type Slot = Stored | Error | undefined

/** A key that the new store has no value of. */
interface Open {
  readonly key: string
  /** Whether somebody else is bringing its value over. */
  readonly moving: boolean
}

/** A key that the old store has a value of. */
interface Found extends Open {
  /** What it is brought over by: a claim in the new store. */
  readonly claim: Version | undefined
  readonly error: Error | undefined
}

/**
 * Reads the new store, then the old one, and brings over what it finds there.
 *
 * A value is brought over by a claim that is made in the new store *before* the old one is read for good. Whoever
 * deletes a key does so in the old store first and in the new one after that: so either the read finds nothing, or the
 * claim is gone by the time that the value would be stored.
 */
export class MoveReads {
  readonly #to: RemoteStore
  readonly #old: OldStore
  readonly #counters: MovedCounters
  readonly #clock: Clock
  /** Given where the old store clears by generations, and the new one does not. */
  readonly #generations: { readonly shards: StoreShards | undefined } | undefined

  constructor(
    to: RemoteStore,
    old: OldStore,
    counters: MovedCounters,
    clock: Clock,
    generations: { readonly shards: StoreShards | undefined } | undefined,
  ) {
    this.#to = to
    this.#old = old
    this.#counters = counters
    this.#clock = clock
    this.#generations = generations
  }

  /** `until` is when the patience with the old store ends. */
  async get(key: string, until = this.#old.until()): Promise<Stored | undefined> {
    const stored = await this.#to.get(key)
    if (!isOpen(stored)) return stored
    const slot = (await this.#fetch([key], [stored], until)).get(key)
    if (slot instanceof Error) throw slot
    return slot
  }

  async getMany(keys: readonly string[]): Promise<Slot[]> {
    const slots = await this.#to.getMany(keys)
    const open = [...slots.keys()].filter(at => isOpen(slots[at]))
    if (open.length === 0) return slots
    const fetched = await this.#fetch(
      open.map(at => keys[at] as string),
      open.map(at => slots[at] as Stored | undefined),
      this.#old.until(),
    )
    for (const at of open) slots[at] = fetched.get(keys[at] as string)
    return slots
  }

  /** What the old store holds of the open keys; what is in neither store has no slot. */
  async #fetch(
    keys: readonly string[],
    seen: readonly (Stored | undefined)[],
    until: Milliseconds,
  ): Promise<Map<string, Slot>> {
    const slots = new Map<string, Slot>()
    const open = new Map<string, Open>()
    const counters: Promise<void>[] = []
    for (const [index, key] of keys.entries()) {
      const stored = seen[index]
      const moving = stored && decodeMoving(stored.bytes)
      const counter = moving?.counter
      if (stored === undefined || counter === undefined) open.set(key, { key, moving: moving !== undefined })
      else counters.push(caught(slots, key, () => this.#finished(key, stored.version, counter)))
    }
    await Promise.all(counters)
    const looked = await this.#old.look([...open.keys()], until)
    const present = [...open.values()].flatMap((one, index) => {
      const slot = looked[index]
      return this.#old.holds(one.key, slot) ? [{ one, slot }] : []
    })
    if (present.length === 0) return slots
    const claims = await Promise.all(present.map(({ one, slot }) => this.#claim(one, slot)))
    const again = await this.#old.read(
      claims.map(({ key }) => key),
      until,
    )
    const generations =
      this.#generations && new OldGenerations(key => this.get(key), this.#generations.shards)
    await Promise.all(
      claims.map((one, index) => caught(slots, one.key, () => this.#settle(one, again[index], generations))),
    )
    return slots
  }

  async #finished(key: string, version: Version, counter: MovingCounter): Promise<Slot> {
    await this.#counters.finish(key, version, counter)
    return this.#inNew(key)
  }

  /** For how long a value may be brought over; what doesn't tell stays where it is, and so does what is too large. */
  #movableFor(key: string, { bytes }: Stored): number | undefined {
    const left = lifetimeLeft(key, bytes, this.#clock.now())
    return typeof left === 'number' && bytes.byteLength <= this.#to.limits.maxValueBytes ? left : undefined
  }

  async #claim(one: Open, looked: Stored): Promise<Found> {
    const none = { ...one, claim: undefined, error: undefined }
    if (one.moving || this.#movableFor(one.key, looked) === undefined) return none
    try {
      const claim = await this.#to.add(one.key, encodeMoving(), MOVING_TTL)
      return { ...none, claim, moving: claim === undefined }
    } catch (error) {
      return { ...none, error: asError(error) }
    }
  }

  async #settle(
    { key, claim, moving, error }: Found,
    slot: OldSlot,
    generations: OldGenerations | undefined,
  ): Promise<Slot> {
    if (error !== undefined) return error
    const found = this.#old.holds(key, slot) ? slot : undefined
    if (claim === undefined) {
      // Somebody else may have brought it over by now.
      const there = moving || found === undefined ? await this.#inNew(key) : undefined
      return there ?? (found && servedFromOld(found))
    }
    const left = found && this.#movableFor(key, found)
    if (found === undefined || left === undefined || (await generations?.keep(key, found.bytes)) === false) {
      await this.#to.delete(key, claim)
      return found && servedFromOld(found)
    }
    const version = await this.#to.replace(key, found.bytes, left, claim)
    // Without its claim it has been deleted or written meanwhile.
    return version === undefined ? this.#inNew(key) : { bytes: found.bytes, version }
  }

  async #inNew(key: string): Promise<Stored | undefined> {
    const stored = await this.#to.get(key)
    return isOpen(stored) ? undefined : stored
  }
}

function isOpen(slot: Slot): boolean {
  return slot === undefined || (!(slot instanceof Error) && decodeMoving(slot.bytes) !== undefined)
}

async function caught(slots: Map<string, Slot>, key: string, work: () => Promise<Slot>): Promise<void> {
  try {
    slots.set(key, await work())
  } catch (error) {
    slots.set(key, asError(error))
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
