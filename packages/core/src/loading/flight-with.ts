import type { Flight } from './guard.js'

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
  return {
    key: flight.key,
    path: flight.path,
    reason: flight.reason,
    present: flight.present,
    signal: flight.signal,
    ended: flight.ended,
    clock: flight.clock,
    batch: flight.batch,
    get detached() {
      return flight.detached
    },
    get held() {
      return flight.held
    },
    get failure() {
      return flight.failure
    },
    option: option => flight.option(option),
    claim: changes.claim ?? (ttl => flight.claim(ttl)),
    recheck: changes.recheck ?? (() => flight.recheck()),
    load: changes.load ?? (claim => flight.load(claim)),
    background: work => flight.background(work),
    emit: event => flight.emit(event),
  }
}
