import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { CacheEvent, LoadReason } from '../events.js'
import type { Entry } from '../values/entry.js'
import type { Claim } from './claim.js'
import type { Failure } from './failures.js'
import type { Flight } from './guard.js'
import type { GuardOption } from './guard-options.js'

/** What a guard can do differently for the guards inside it. */
export type FlightChanges<V> = Partial<Pick<Flight<V>, 'claim' | 'recheck' | 'load'>>

/**
 * The same flight with some of its methods replaced, for a guard to hand on to the guards inside it.
 *
 * @example
 * // A guard that never lets more than one load begin in a second.
 * run: (flight, next) => next(flightWith(flight, { load: async claim => { await turn(); return flight.load(claim) } }))
 */
export function flightWith<V>(flight: Flight<V>, changes: FlightChanges<V>): Flight<V> {
  return new ChangedFlight(flight, changes)
}

class ChangedFlight<V> implements Flight<V> {
  readonly #flight: Flight<V>
  readonly #changes: FlightChanges<V>

  constructor(flight: Flight<V>, changes: FlightChanges<V>) {
    this.#flight = flight
    this.#changes = changes
  }

  get key(): string {
    return this.#flight.key
  }

  get path(): string {
    return this.#flight.path
  }

  get reason(): LoadReason {
    return this.#flight.reason
  }

  get present(): Entry<V> | undefined {
    return this.#flight.present
  }

  get detached(): boolean {
    return this.#flight.detached
  }

  get signal(): AbortSignal {
    return this.#flight.signal
  }

  get ended(): Promise<void> {
    return this.#flight.ended
  }

  get clock(): Clock {
    return this.#flight.clock
  }

  get held(): boolean {
    return this.#flight.held
  }

  get batch(): object | undefined {
    return this.#flight.batch
  }

  get failure(): Failure | undefined {
    return this.#flight.failure
  }

  option<T>(option: GuardOption<T>): T | undefined {
    return this.#flight.option(option)
  }

  claim(ttl?: Milliseconds): Promise<Claim | 'held' | 'present' | 'unavailable'> {
    const { claim } = this.#changes
    return claim === undefined ? this.#flight.claim(ttl) : claim.call(this, ttl)
  }

  recheck(): Promise<Entry<V> | undefined> {
    const { recheck } = this.#changes
    return recheck === undefined ? this.#flight.recheck() : recheck.call(this)
  }

  load(claim?: Claim): Promise<Entry<V>> {
    const { load } = this.#changes
    return load === undefined ? this.#flight.load(claim) : load.call(this, claim)
  }

  background(work: Promise<unknown>): void {
    this.#flight.background(work)
  }

  emit(event: CacheEvent): void {
    this.#flight.emit(event)
  }
}
