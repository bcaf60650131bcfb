import type { Background } from './background.js'
import type { Told } from './bus/told.js'
import type { Turns } from './cache/turns.js'
import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
import type { Events } from './events.js'
import type { Undelivered } from './invalidation/undelivered.js'
import type { KeySpace } from './keys/key.js'
import type { RunningFlight } from './loading/flight.js'
import type { Flights } from './loading/flights.js'
import type { Guard } from './loading/guard.js'
import type { Counters } from './stats.js'
import type { LocalTags } from './tags/local-tags.js'
import type { LocalCopies } from './tiers/local-copies.js'
import type { CacheStore, LocalStore } from './tiers/store.js'
import type { Tier } from './tiers/tier.js'

/** What a cache and all its namespaces share. */
export interface Engine {
  readonly store: CacheStore
  readonly tier: Tier
  /** Where all its keys are. */
  readonly root: KeySpace
  /** The local tier, in front of a remote one. */
  readonly copies: LocalCopies | undefined
  /** The store that answers without waiting, and the tags of what it holds; the local tier's, or the only one's. */
  readonly local: { readonly store: LocalStore; readonly tags: LocalTags } | undefined
  /** Who else has to know of an invalidation. */
  readonly told: Told
  readonly undelivered: Undelivered
  /** Whether an invalidation that the store does not take rejects, besides being queued. */
  readonly rejectsUndelivered: boolean
  readonly guard: Guard | undefined
  readonly flights: Flights
  /** Who updates which key now. */
  readonly turns: Turns
  readonly clock: Clock
  readonly events: Events
  readonly counters: Counters
  readonly background: Background
  /** How long a claim holds unless renewed; also how long a dead frame lingers as the base of a commit. */
  readonly claimTtl: Milliseconds
  /** What has to be done before the cache closes. */
  readonly closing: Set<() => Promise<void>>
  /** What this cache has in the air, for `close()` to wait for. */
  readonly running: Set<RunningFlight>
}
