import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { keptFor, type Lifetime } from '../loading/lifetime.js'
import { namesOf, type Tagged } from '../tags/token.js'
import type { Since } from '../tiers/local-copies.js'
import type { Slot } from '../tiers/slot.js'
import type { Address, Packed, View } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'
import type { CheckedValue } from '../values/schema-check.js'

/** A value that the application writes, with all that storing it takes. */
export interface Written {
  readonly address: Address
  readonly view: View
  readonly checked: CheckedValue
  /** Its tags, with tokens from before the write. */
  readonly tagged: readonly Tagged[]
  readonly lifetime: Lifetime
  /** When its tags were asked for; `undefined` without a local tier. */
  readonly since: Since | undefined
  /** It takes the place of what was found, or claimed: an invalidation since then counts for it too. */
  readonly conditional: boolean
}

/** Puts the packed value where it belongs; resolves to whether it was stored. */
export type Put = (packed: Packed, kept: Milliseconds) => Promise<boolean>

/**
 * Stores what the application writes, and tells everybody who has something older; `undefined` where `put` did not
 * store it, else what was stored, in the tier's own form.
 *
 * @throws CacheError where it can't be encoded, is too large, or the store does not answer.
 */
export async function storeWritten(engine: Engine, written: Written, put: Put): Promise<Packed | undefined> {
  const { tier, flights, events, clock, claimTtl, copies, undelivered } = engine
  const { address, view, checked, lifetime, tagged } = written
  const { key, at } = address
  const kept = keptFor(lifetime, view, clock.now(), claimTtl)
  undelivered.outlive(kept)
  // The store may not know yet that it was invalidated.
  if (written.conditional && undelivered.blocks(at)) return undefined
  const { value, checkable } = checked
  const { schemaVersion } = view
  const entry: Entry<unknown> = { value, createdAt: clock.now(), loadTime: 0, ...lifetime, schemaVersion }
  const packed = tier.pack(address, entry, view, checkable, tagged)
  const sentAt = undelivered.now
  const storing = put(packed, kept)
  const since = copies?.since()
  if (!(await storing)) return undefined
  flights.detach(at)
  undelivered.landed(at, 'delete', sentAt)
  if (since !== undefined) {
    copies?.replace(address, { entry, tags: namesOf(tagged), checkable }, view, since, written.since)
  }
  await engine.told.keys([at])
  if (events.active) events.emit({ type: 'set', key })
  return packed
}

/** Puts a value over what a look at the store has found, and over nothing else. */
export async function putOver(
  { tier }: Engine,
  { at }: Address,
  over: Slot,
  packed: Packed,
  kept: Milliseconds,
): Promise<boolean> {
  if (over.kind === 'empty') return (await tier.add(at, packed, kept)) !== undefined
  return 'version' in over && (await tier.replace(at, packed, kept, over.version)) !== undefined
}
