import type { LoadReason } from './events.js'
import type { RunningFlight } from './flight.js'
import type { Slot } from './slot.js'

/** The flights over one store, by where their key is stored. */
export class Flights {
  readonly #byAddress = new Map<string, Set<RunningFlight>>()

  /** A running flight that a caller who found `slot` may share. */
  find(at: string, slot: Slot, reason: LoadReason): RunningFlight | undefined {
    const flights = this.#byAddress.get(at)
    if (flights === undefined) return undefined
    for (const flight of flights) if (flight.admits(slot, reason)) return flight
    return undefined
  }

  /** Keeps the flight until it ends. */
  add(at: string, flight: RunningFlight): void {
    const flights = this.#byAddress.get(at) ?? new Set()
    flights.add(flight)
    this.#byAddress.set(at, flights)
    const remove = () => {
      flights.delete(flight)
      if (flights.size === 0 && this.#byAddress.get(at) === flights) this.#byAddress.delete(at)
    }
    flight.outcome.then(remove, remove)
  }

  /** No later caller joins the flights of this key, and what they load is not stored. */
  detach(at: string): void {
    const flights = this.#byAddress.get(at)
    if (flights === undefined) return
    for (const flight of flights) flight.detach()
  }

  detachUnder(prefix: string): void {
    for (const [at, flights] of this.#byAddress) {
      if (at.startsWith(prefix)) for (const flight of flights) flight.detach()
    }
  }

  get size(): number {
    return this.#byAddress.size
  }
}
