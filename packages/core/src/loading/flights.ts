import type { Milliseconds } from '../duration.js'
import type { KeySpace } from '../keys/key.js'
import type { View } from '../tiers/tier.js'
import { type Failure, Failures } from './failures.js'
import type { Boarding, RunningFlight } from './flight.js'

/** The flights over one store, by where their key is stored, and which keys failed lately. */
export class Flights {
  readonly #byAddress = new Map<string, Set<RunningFlight>>()
  readonly #failures = new Failures()

  /**
   * A running flight that this caller may share.
   *
   * A promise stands for a flight whose look at the store is under way, or whose tags are being looked up: what it
   * finds does not count for this caller, who looks again for itself after it.
   */
  find(at: string, boarding: Boarding): RunningFlight | Promise<unknown> | undefined {
    let look: Promise<unknown> | undefined
    for (const flight of this.#byAddress.get(at) ?? []) {
      if (!flight.admits(boarding)) continue
      if (flight.look === undefined && !flight.tags.settling) return flight
      look = flight.look ?? flight.ended
    }
    return look
  }

  /** The running flight that holds the claim which this read has found. */
  holding(at: string, boarding: Boarding): RunningFlight | undefined {
    for (const flight of this.#byAddress.get(at) ?? []) {
      if (flight.holds(boarding.slot) && !flight.tags.settling && flight.admits(boarding)) return flight
    }
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
    this.#failures.forget(at)
    const flights = this.#byAddress.get(at)
    if (flights === undefined) return
    for (const flight of flights) flight.detach()
  }

  /** The same for the flights of a namespace that have one of these tags. */
  detachTagged({ path }: Pick<KeySpace, 'path'>, names: readonly string[]): void {
    for (const flight of this.#all()) if (flight.tags.named(path, names)) flight.detach()
  }

  /** Lets others claim what detached flights have claimed. */
  letGoTagged({ path }: Pick<KeySpace, 'path'>, names: readonly string[]): void {
    for (const flight of this.#all()) if (flight.tags.named(path, names)) flight.letGo()
  }

  detachUnder(prefix: string): void {
    this.#failures.forgetUnder(prefix)
    for (const flight of this.#under(prefix)) flight.detach()
  }

  /** Lets others claim what detached flights have claimed. */
  letGoUnder(prefix: string): void {
    for (const flight of this.#under(prefix)) flight.letGo()
  }

  *#all(): Iterable<RunningFlight> {
    for (const flights of this.#byAddress.values()) yield* flights
  }

  *#under(prefix: string): Iterable<RunningFlight> {
    for (const [at, flights] of this.#byAddress) if (at.startsWith(prefix)) yield* flights
  }

  /** How the latest loads of this key have failed, unless one has succeeded since or the key was invalidated here. */
  failure(at: string, view: View): Failure | undefined {
    return this.#failures.get(at, view)
  }

  failed(at: string, view: View, error: unknown, now: Milliseconds): void {
    this.#failures.add(at, view, error, now)
  }

  succeeded(at: string): void {
    this.#failures.forget(at)
  }

  get size(): number {
    return this.#byAddress.size
  }
}
