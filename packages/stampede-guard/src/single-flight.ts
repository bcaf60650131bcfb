import type { Guard } from '@lookaside/core'

/**
 * Lets one load per key run in this process; callers who ask meanwhile share its outcome.
 *
 * A rejection is shared too, as the very same error. A caller's `AbortSignal` frees that caller alone; the loader's
 * signal aborts when the last has left. Callers are let in on evidence only: who asks after an invalidation, by
 * whichever process, never shares a load that began before it. Other processes are not seen; nest `claimed()` for
 * those. Callers with another `schema` or `version` load for themselves, and so does who finds a value of a newer
 * `version`.
 *
 * @example
 * const cache = createCache({ store: lruStore({ maxEntries: 1_000 }), guard: singleFlight() })
 */
export function singleFlight(): Guard {
  return { name: 'single-flight', joins: true, run: (flight, next) => next(flight) }
}
