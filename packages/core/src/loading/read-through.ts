import { Abort } from '../abort.js'
import { abortable, onAbort } from '../abortable.js'
import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { LoadReason } from '../events.js'
import { PendingSlot } from '../tiers/pending-slot.js'
import { type FoundValue, isPending, type Slot } from '../tiers/slot.js'
import type { Address, View } from '../tiers/tier.js'
import type { Entry, EntryMeta } from '../values/entry.js'
import { handOut, type Share } from '../values/sharing.js'
import { RunningFlight } from './flight.js'
import type { Passenger } from './guard.js'
import type { GuardSettings } from './guard-options.js'
import { type LoadPlan, loadTimeout } from './load.js'

/** What one call of `getOrSet` asks for. */
export interface ReadThrough {
  readonly address: Address
  readonly view: View
  readonly refresh: boolean
  /** The fresh value that the caller has found already, and that the guard wants refreshed early. */
  readonly early: EntryMeta | undefined
  readonly guardSettings: GuardSettings
  /** Frees this caller alone. */
  readonly signal: AbortSignal | undefined
  /** Makes the value the reader's own, where readers don't share values. */
  readonly share: Share | undefined
  /** Checks the call's options and says how to load: only asked for when there is something to load. */
  plan(): LoadPlan
}

/**
 * The algorithm of cache-aside: look, and on a miss obtain a claim, load, and store what the claim still allows.
 *
 * The order of its steps is its correctness, so it stands in one place. A value is fresh only if its load began
 * after the last invalidation: the claim precedes the load, every invalidation voids the claim, and a caller
 * shares another's load only if its own read shows that the claim stands.
 */
export function readThrough(engine: Engine, call: ReadThrough): Promise<unknown> {
  if (call.signal?.aborted === true) return Promise.reject(call.signal.reason)
  const slot = look(engine, call)
  // Every remote hit comes by here: it takes one promise, made in the caller's own asynchronous context.
  if (slot instanceof PendingSlot) return slot.settled.then(() => serveFound(engine, call, slot.slot()))
  return Promise.resolve(slot).then(found => serve(engine, call, found))
}

function serveFound(engine: Engine, call: ReadThrough, slot: Slot | Promise<Slot>): unknown {
  return slot instanceof Promise ? slot.then(found => serve(engine, call, found)) : serve(engine, call, slot)
}

/** The value of a hit at once; on a miss what is loaded. */
function serve(engine: Engine, call: ReadThrough, slot: Slot): unknown {
  const reason = reasonToLoad(engine, call, slot)
  const { share } = call
  if (reason !== undefined) {
    return loadThrough(engine, call, slot, reason).then(({ value }) => handOut(share, value))
  }
  const { entry } = slot as FoundValue
  return handOut(share, hit(engine, call.address.key, entry, false).value)
}

/** What is at the key now, as far as the caller waits for it. */
function look({ tier }: Engine, { address, view, signal }: ReadThrough): Slot | PromiseLike<Slot> {
  const slot = tier.read(address, view)
  return signal === undefined || !isPending(slot) ? slot : abortable(Promise.resolve(slot), signal)
}

/** Loads for a call that has looked, and found a reason to. */
async function loadThrough(
  engine: Engine,
  call: ReadThrough,
  first: Slot,
  why: LoadReason,
): Promise<Entry<unknown>> {
  const { clock, counters, events } = engine
  const { address, view, refresh, signal } = call
  const { key } = address

  let load: Wanted | undefined
  let slot = first
  let reason: LoadReason | undefined = why
  while (true) {
    // A copy that is due for an early refresh is still fresh where there is nothing to refresh.
    const copy = slot.kind === 'unreachable' && !refresh ? engine.copies?.get(address, view) : undefined
    if (copy !== undefined) return hit(engine, key, copy, false, 'local')
    if (reason === undefined) return (slot as FoundValue).entry
    if (load === undefined) {
      if (reason === 'early') hit(engine, key, (slot as FoundValue).entry, false)
      if (reason === 'miss' || reason === 'stale') {
        counters.misses++
        if (events.active) events.emit({ type: 'miss', key, stale: reason === 'stale' })
      }
      // Bad options reject, whatever is there to stand in.
      const plan = call.plan()
      load = { call, plan, again: false, until: clock.monotonic() + plan.settings.hardTimeout }
    }
    try {
      const entry = await obtain(engine, load, slot, reason)
      if (entry !== LOOK_AGAIN) {
        // A guard may have answered with what was present.
        if (reason === 'stale' && entry === (slot as FoundValue).entry) hit(engine, key, entry, true)
        return entry
      }
    } catch (error) {
      if (signal?.aborted === true || refresh || slot.kind !== 'value') throw error
      // Only what this caller's own read found may stand in: what a joined flight has may have been deleted since.
      const now = clock.now()
      if (now >= slot.entry.deleteAt) throw error
      return reason === 'early' ? slot.entry : hit(engine, key, slot.entry, now >= slot.entry.staleAt)
    }
    load = { ...load, again: true }
    slot = await look(engine, call)
    reason = reasonToLoad(engine, call, slot)
  }
}

/** What a call wants loaded, and how long it waits. */
interface Wanted {
  readonly call: ReadThrough
  readonly plan: LoadPlan
  /** It has waited for another's flight. */
  readonly again: boolean
  /** By `Clock.monotonic()`. */
  readonly until: Milliseconds
}

/** Why to load; `undefined` where what was read is the answer. */
function reasonToLoad({ clock, guard }: Engine, call: ReadThrough, slot: Slot): LoadReason | undefined {
  if (call.refresh) return 'forced'
  if (slot.kind !== 'value') return 'miss'
  const now = clock.now()
  if (now >= slot.entry.staleAt) return 'stale'
  if (call.early !== undefined && sameWrite(call.early, slot.entry)) return 'early'
  return guard?.shouldRefresh?.(slot.entry, now, clock.random, call.guardSettings) === true
    ? 'early'
    : undefined
}

/** A copy in the local tier may be older than what the remote tier has. */
function sameWrite(a: EntryMeta, b: EntryMeta): boolean {
  return (
    a === b || (near(a.createdAt, b.createdAt) && near(a.staleAt, b.staleAt) && near(a.deleteAt, b.deleteAt))
  )
}

/** A local entry rounds instants of a clock that counts fractions. */
function near(a: EpochMs, b: EpochMs): boolean {
  return a === b || Math.abs(a - b) < 0.01
}

/** The plan, within the time that is left to a caller who has waited before. */
function planFrom({ plan, again, until }: Wanted, clock: Clock): LoadPlan {
  if (!again) return plan
  const { settings } = plan
  const left = Math.max(1, Math.ceil(until - clock.monotonic()))
  return { ...plan, impatient: true, settings: { ...settings, hardTimeout: left } }
}

/** The caller's own read has become too old to go by. */
const LOOK_AGAIN = Symbol('look again')

/** What a running flight that is current brings, or a new one. */
async function obtain(
  engine: Engine,
  wanted: Wanted,
  slot: Slot,
  reason: LoadReason,
): Promise<Entry<unknown> | typeof LOOK_AGAIN> {
  const { flights, guard } = engine
  const { address, view, signal } = wanted.call
  const running = guard?.joins === true ? flights.find(address.at, { engine, slot, reason, view }) : undefined
  if (running !== undefined) return share(engine, wanted, running, slot, reason)

  const flight = new RunningFlight(engine, address, slot, reason, planFrom(wanted, engine.clock))
  flights.add(address.at, flight)
  const leave = flight.board()
  try {
    return await (signal === undefined ? flight.outcome : abortable(flight.outcome, signal))
  } finally {
    leave()
    keepAwake(engine, wanted.plan, flight)
  }
}

/** Without a reason of its own each abort would make an error. */
const LEFT = 'The caller has left'

/** What a running flight brings, for as long as the caller waits. */
async function share(
  engine: Engine,
  { call, plan, until }: Wanted,
  running: RunningFlight | Promise<unknown>,
  slot: Slot,
  reason: LoadReason,
): Promise<Entry<unknown> | typeof LOOK_AGAIN> {
  const { clock, counters, guard } = engine
  const { key } = call.address
  plan.member?.decided()
  const left = new Abort()
  // The flight keeps the time of the call that started it; whoever shares it has a time of its own.
  const cancelTimeout = clock.timer(Math.max(0, until - clock.monotonic()), () =>
    left.abort(loadTimeout(key, plan.settings.hardTimeout)),
  )
  const forget = call.signal && onAbort(call.signal, () => left.abort(call.signal?.reason))
  if (call.signal?.aborted === true) left.abort(call.signal.reason)
  try {
    if (running instanceof Promise) {
      await abortable(running, left)
      return LOOK_AGAIN
    }
    const late = running.begun
    const leave = running.board()
    try {
      // A guard that has a say in it decides who is served what is present.
      const outcome = running.sharedWith(slot, guard?.join !== undefined)
      const passenger: Passenger<unknown> = {
        key,
        reason,
        present: slot.kind === 'value' && reason !== 'forced' ? slot.entry : undefined,
        get signal() {
          return left.signal
        },
        clock,
        option: option => plan.settings.guard.get(option),
      }
      // A guard need not wait for it.
      outcome.catch(() => {})
      const entry = await abortable(guard?.join?.(passenger, outcome) ?? outcome, left)
      if (entry === passenger.present) return entry
      // The value has tags that this caller could not know of, and one of them was invalidated meanwhile.
      if (late && running.tags.overtaken) return LOOK_AGAIN
      counters.sharedLoads++
      return entry
    } catch (error) {
      const timedOut = isCacheError(error, 'ERR_CACHE_LOAD_TIMEOUT') && error === running.abortReason
      if (running.impatient && timedOut && clock.monotonic() < until) return LOOK_AGAIN
      throw error
    } finally {
      leave()
      keepAwake(engine, plan, running)
    }
  } finally {
    cancelTimeout()
    forget?.()
    left.abort(LEFT)
  }
}

function keepAwake({ background }: Engine, { waitUntil }: LoadPlan, flight: RunningFlight): void {
  if (flight.inBackground) background.keepAwake(flight.key, flight.ended, waitUntil)
}

function hit(
  engine: Engine,
  key: string,
  entry: Entry<unknown>,
  stale: boolean,
  tier = engine.tier.name,
): Entry<unknown> {
  const { counters, events } = engine
  if (stale) counters.staleHits++
  else if (tier === 'local') counters.localHits++
  else counters.remoteHits++
  if (events.active) events.emit({ type: 'hit', key, tier, stale })
  return entry
}
