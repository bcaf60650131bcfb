import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import type { CacheEvent, LoadReason } from '../events.js'
import type { Entry, EntryMeta } from '../values/entry.js'
import type { Claim } from './claim.js'
import type { Failure } from './failures.js'
import type { GuardOption, GuardSettings } from './guard-options.js'

/**
 * One attempt in this process to obtain a key's value, as a guard sees it.
 *
 * The core owns it: it counts the callers, aborts `signal` when the last has left, and detaches the flight
 * when its key is invalidated.
 */
export interface Flight<V> {
  readonly key: string
  /** The prefix and the namespaces of the key, joined by `:`. */
  readonly path: string
  readonly reason: LoadReason
  /** What may be served meanwhile: stale within grace, or still fresh when the reason is `early`; never when it is `forced`. */
  readonly present: Entry<V> | undefined
  /** The key was invalidated in this process since the flight began: its result goes to those who wait already. */
  readonly detached: boolean
  /** Aborts when no caller is left, at the hard timeout, and when the cache closes. */
  readonly signal: AbortSignal
  /** Resolves when nothing of the flight is left, its background work included. */
  readonly ended: Promise<void>
  readonly clock: Clock
  /** The last look at the store found somebody else's claim: another would be answered with `held`. */
  readonly held: boolean
  /** What it has in common with the other flights of a call for many items, whose loader runs once for them. */
  readonly batch: object | undefined
  /** How the key's latest loads in this process failed; forgotten once one succeeds, and when the key is invalidated here. */
  readonly failure: Failure | undefined
  /** What an option of a guard is for this flight: that of the call which started it. */
  option<T>(option: GuardOption<T>): T | undefined
  /**
   * Asks for the right to store this load's result.
   *
   * `held`: somebody else has it. `present`: a fresh value has just arrived; `recheck` returns it.
   * `unavailable`: there is nothing to claim, load without storing.
   */
  claim(ttl?: Milliseconds): Promise<Claim | 'held' | 'present' | 'unavailable'>
  /** Looks again, after a lost claim or after having waited; a fresh value or nothing. */
  recheck(): Promise<Entry<V> | undefined>
  /** Runs the loader and stores its result only as far as the claim allows; releases the claim. */
  load(claim?: Claim): Promise<Entry<V>>
  /** Work that no caller waits for: `close()` does, and a rejection becomes an event. */
  background(work: Promise<unknown>): void
  emit(event: CacheEvent): void
}

/** A caller that shares a running flight, as a guard sees it. */
export interface Passenger<V> {
  readonly key: string
  readonly reason: LoadReason
  /** What its own read found and it may be served meanwhile; never when it forces a load. */
  readonly present: Entry<V> | undefined
  /** Aborts when the caller has left: it was answered, gave up, or ran into its hard timeout. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** What an option of a guard is for this caller. */
  option<T>(option: GuardOption<T>): T | undefined
}

/**
 * The policy that decides who loads, who waits, and who is served what is present.
 *
 * The default has none: every caller claims, loads and commits for itself.
 */
export interface Guard {
  readonly name: string
  /** The options it adds to caches, namespaces and calls. */
  readonly options?: readonly GuardOption<unknown>[]
  /** Whether later callers may share a running flight; the core lets them only on evidence that it is current. */
  readonly joins?: boolean
  /** Asked of fresh hits: whether to refresh ahead of expiry. It must be cheap, and not throw. */
  shouldRefresh?(entry: EntryMeta, now: EpochMs, random: () => number, settings: GuardSettings): boolean
  /**
   * The instant from which on `shouldRefresh` may say yes of this entry, whatever `random` gives: hits before it do not
   * ask. @default `shouldRefresh` is asked at every hit
   */
  refreshesFrom?(entry: EntryMeta, settings: GuardSettings): EpochMs
  /** Obtains the value; `next` is the guard inside this one, and at the innermost claim, load, commit. */
  run<V>(flight: Flight<V>, next: (flight: Flight<V>) => Promise<Entry<V>>): Promise<Entry<V>>
  /** What a caller gets that shares a running flight; without it, the flight's `outcome`. */
  join?<V>(passenger: Passenger<V>, outcome: Promise<Entry<V>>): Promise<Entry<V>>
}

/** Claims, loads and commits; what a lost claim leaves is loaded without being stored. */
export async function claimLoadCommit<V>(flight: Flight<V>): Promise<Entry<V>> {
  const claim = await flight.claim()
  if (claim === 'present') {
    const arrived = await flight.recheck()
    if (arrived !== undefined) return arrived
  }
  return flight.load(typeof claim === 'object' ? claim : undefined)
}
