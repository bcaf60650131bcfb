import type { Engine } from '../engine.js'
import type { TierName } from '../events.js'
import type { Slot } from '../tiers/slot.js'
import type { Address, View } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'

// Reads that load nothing: of a fresh copy in the local tier, else of the tier that decides. They count as hits and
// misses.

export async function readFresh(
  engine: Engine,
  address: Address,
  view: View,
): Promise<Entry<unknown> | undefined> {
  const copy = engine.copies?.get(address, view)
  if (copy !== undefined) return hit(engine, address, copy, 'local')
  return found(engine, address, await engine.tier.read(address, view))
}

/** In the order of the addresses; those that are not copied are read together. */
export async function readManyFresh(
  engine: Engine,
  addresses: readonly Address[],
  view: View,
): Promise<(Entry<unknown> | undefined)[]> {
  const copies = addresses.map(address => engine.copies?.get(address, view))
  const asked = addresses.filter((_, index) => copies[index] === undefined)
  const slots = asked.length === 0 ? [] : await engine.tier.readMany(asked, view)
  let answers = 0
  return addresses.map((address, index) => {
    const copy = copies[index]
    return copy === undefined
      ? found(engine, address, slots[answers++] as Slot)
      : hit(engine, address, copy, 'local')
  })
}

function found(engine: Engine, address: Address, slot: Slot): Entry<unknown> | undefined {
  const { clock, counters, events, tier } = engine
  if (slot.kind === 'value' && clock.now() < slot.entry.staleAt) {
    return hit(engine, address, slot.entry, tier.name)
  }
  counters.misses++
  if (events.active) events.emit({ type: 'miss', key: address.key, stale: slot.kind === 'value' })
  return undefined
}

function hit(
  { counters, events }: Engine,
  { key }: Address,
  entry: Entry<unknown>,
  tier: TierName,
): Entry<unknown> {
  if (tier === 'local') counters.localHits++
  else counters.remoteHits++
  if (events.active) events.emit({ type: 'hit', key, tier, stale: false })
  return entry
}
