import type { Boarding, RunningFlight } from './flight.js'

/** The flights over one store, by where their key is stored. */
export class Flights {
  readonly #byAddress = new Map<string, Set<RunningFlight>>()

  /** A running flight that this caller may share. */
  find(at: string, boarding: Boarding): RunningFlight | undefined {
    const flights = this.#byAddress.get(at)
    if (flights === undefined) return undefined
    for (const flight of flights) if (flight.admits(boarding)) return flight
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
    void flight.ended.then(remove)
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
