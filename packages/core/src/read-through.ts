import { abortable } from './abortable.js'
import type { Engine } from './engine.js'
import type { Entry } from './entry.js'
import type { LoadReason } from './events.js'
import { type LoadPlan, loadTimeout, RunningFlight } from './flight.js'
import type { FoundValue, Slot } from './slot.js'
import type { Address, View } from './tier.js'

/** What one call of `getOrSet` asks for. */
export interface ReadThrough {
  readonly address: Address
  readonly view: View
  readonly refresh: boolean
  /** The caller has asked the guard already, which wants what is fresh refreshed early. */
  readonly early: boolean
  /** Frees this caller alone. */
  readonly signal: AbortSignal | undefined
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
export async function readThrough(engine: Engine, call: ReadThrough): Promise<Entry<unknown>> {
  const { tier, clock, counters, events } = engine
  const { address, view, refresh, signal } = call
  const { key } = address
  signal?.throwIfAborted()

  const slot = await (signal === undefined
    ? tier.read(address, view)
    : abortable(tier.read(address, view), signal))
  const reason = reasonToLoad(engine, call, slot)
  if (reason === undefined) return hit(engine, key, (slot as FoundValue).entry, false)
  if (reason === 'early') hit(engine, key, (slot as FoundValue).entry, false)
  if (reason === 'miss' || reason === 'stale') {
    counters.misses++
    if (events.active) events.emit({ type: 'miss', key, stale: reason === 'stale' })
  }
  // Bad options reject, whatever is there to stand in.
  const plan = call.plan()
  try {
    const entry = await obtain(engine, call, plan, slot, reason)
    // A guard may have answered with what was present.
    if (reason === 'stale' && entry === (slot as FoundValue).entry) hit(engine, key, entry, true)
    return entry
  } catch (error) {
    if (signal?.aborted === true || refresh || slot.kind !== 'value') throw error
    // Only what this caller's own read found may stand in: what a joined flight has may have been deleted since.
    const now = clock.now()
    if (now >= slot.entry.deleteAt) throw error
    return reason === 'early' ? slot.entry : hit(engine, key, slot.entry, now >= slot.entry.staleAt)
  }
}

/** Why to load; `undefined` where what was read is the answer. */
function reasonToLoad({ clock, guard }: Engine, call: ReadThrough, slot: Slot): LoadReason | undefined {
  if (call.refresh) return 'forced'
  if (slot.kind !== 'value') return 'miss'
  const now = clock.now()
  if (now >= slot.entry.staleAt) return 'stale'
  if (call.early) return 'early'
  return guard?.shouldRefresh?.(slot.entry, now, clock.random) === true ? 'early' : undefined
}

/** What a running flight that is current brings, or a new one. */
async function obtain(
  engine: Engine,
  call: ReadThrough,
  plan: LoadPlan,
  slot: Slot,
  reason: LoadReason,
): Promise<Entry<unknown>> {
  const { flights, guard, clock } = engine
  const { address, view, signal } = call
  const running = guard?.joins === true ? flights.find(address.at, { engine, slot, reason, view }) : undefined
  const flight = running ?? new RunningFlight(engine, address, slot, reason, plan)
  if (running === undefined) flights.add(address.at, flight)

  const leave = flight.board()
  // The flight keeps the time of the call that started it; whoever joins has waited for less.
  const limit = running === undefined ? undefined : new AbortController()
  const cancel =
    limit &&
    clock.timer(plan.settings.hardTimeout, () =>
      limit.abort(loadTimeout(address.key, plan.settings.hardTimeout)),
    )
  try {
    const inTime = limit === undefined ? flight.outcome : abortable(flight.outcome, limit.signal)
    const entry = await (signal === undefined ? inTime : abortable(inTime, signal))
    // What the guard served was present for whoever joined too: its own read found the same.
    return entry === flight.present && slot.kind === 'value' ? slot.entry : entry
  } finally {
    cancel?.()
    leave()
  }
}

function hit(engine: Engine, key: string, entry: Entry<unknown>, stale: boolean): Entry<unknown> {
  const { counters, events, tier } = engine
  if (stale) counters.staleHits++
  else if (tier.name === 'local') counters.localHits++
  else counters.remoteHits++
  if (events.active) events.emit({ type: 'hit', key, tier: tier.name, stale })
  return entry
}
