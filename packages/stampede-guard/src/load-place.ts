import { LoadSlot, type LoadSlots } from './load-slots.js'

/** The place that one flight takes, or shares with the other flights of its batch. */
export interface LoadPlace {
  /** Whether it has its place, or stands in line for one that is shared. */
  readonly held: boolean
  /** Whether another flight of its batch has the place already, or stands in line for it. */
  readonly wanted: boolean
  /** What the loads that it asks for may borrow meanwhile. */
  readonly slot: LoadSlot
  /** Takes it. Rejects with the flight's reason when that aborts first. */
  take(): Promise<void>
  giveBack(): void
}

/** The place of a flight that is loaded alone. */
export function ownPlace(slots: LoadSlots, signal: AbortSignal): LoadPlace {
  const slot = new LoadSlot(slots, signal)
  return {
    get held() {
      return slot.held
    },
    wanted: false,
    slot,
    take: () => slot.take(),
    giveBack: () => slot.giveBack(),
  }
}

const shared = new WeakMap<LoadSlots, WeakMap<object, SharedPlace>>()

/** The place of a flight whose batch is loaded by one call: one place for all of them. */
export function batchPlace(slots: LoadSlots, batch: object, signal: AbortSignal): LoadPlace {
  const byBatch = shared.get(slots) ?? new WeakMap<object, SharedPlace>()
  shared.set(slots, byBatch)
  const place = byBatch.get(batch) ?? new SharedPlace(slots)
  byBatch.set(batch, place)
  const user = {}
  return {
    get held() {
      return place.has(user)
    },
    get wanted() {
      return place.wanted
    },
    get slot() {
      return place.slot
    },
    take: () => place.take(user, signal),
    giveBack: () => place.giveBack(user),
  }
}

/** A place that is taken by the first of its users, and given back by the last. */
class SharedPlace {
  readonly #slots: LoadSlots
  readonly #users = new Set<object>()
  #left = new AbortController()
  #slot: LoadSlot
  #taking: Promise<void> | undefined

  constructor(slots: LoadSlots) {
    this.#slots = slots
    this.#slot = new LoadSlot(slots, this.#left.signal)
  }

  get slot(): LoadSlot {
    return this.#slot
  }

  get wanted(): boolean {
    return this.#users.size > 0
  }

  has(user: object): boolean {
    return this.#users.has(user)
  }

  async take(user: object, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#users.add(user)
    this.#taking ??= this.#slot.take()
    const leave = () => this.giveBack(user)
    signal.addEventListener('abort', leave, { once: true })
    try {
      await this.#taking
    } catch (error) {
      // Nobody was left to wait for it.
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', leave)
    }
    signal.throwIfAborted()
  }

  giveBack(user: object): void {
    if (!this.#users.delete(user) || this.#users.size > 0) return
    // Whoever takes it later begins anew.
    this.#left.abort()
    const slot = this.#slot
    const giveBack = () => slot.giveBack()
    giveBack()
    // It may have been handed over in this very moment.
    this.#taking?.then(giveBack, () => {})
    this.#left = new AbortController()
    this.#slot = new LoadSlot(this.#slots, this.#left.signal)
    this.#taking = undefined
  }
}
