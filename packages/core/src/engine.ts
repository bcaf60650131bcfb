import type { Background } from './background.js'
import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
import type { Events } from './events.js'
import type { RunningFlight } from './flight.js'
import type { Flights } from './flights.js'
import type { Guard } from './guard.js'
import type { Counters } from './stats.js'
import type { CacheStore } from './store.js'
import type { Tier } from './tier.js'

/** What a cache and all its namespaces share. */
export interface Engine {
  readonly store: CacheStore
  readonly tier: Tier
  readonly guard: Guard | undefined
  readonly flights: Flights
  readonly clock: Clock
  readonly events: Events
  readonly counters: Counters
  readonly background: Background
  /** How long a claim holds unless renewed; also how long a dead frame lingers as the base of a commit. */
  readonly claimTtl: Milliseconds
  /** What this cache has in the air, for `close()` to wait for. */
  readonly running: Set<RunningFlight>
}
