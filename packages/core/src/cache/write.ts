import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { NotStoredReason } from '../events.js'
import { invalidateQuietly, invalidateVersionQuietly } from '../invalidation/invalidation.js'
import { keptFor, type Lifetime } from '../loading/lifetime.js'
import { notStoredReason } from '../loading/not-stored.js'
import type { Tagged } from '../tags/token.js'
import type { Slot } from '../tiers/slot.js'
import type { Packed } from '../tiers/tier.js'
import { type Put, putOver, storeWritten, type Written } from './store-written.js'

/** A value that the application sets. */
export interface Write extends Omit<Written, 'tagged' | 'lifetime' | 'conditional'> {
  /** Its tags, with tokens from before the write; `undefined` where they could not be had. */
  readonly tagged: readonly Tagged[] | undefined
  /** `undefined` for a value that is not to be stored. */
  readonly lifetime: Lifetime | undefined
  /** What must still stand at the key; `undefined` for whatever is there. */
  readonly over: Slot | undefined
}

/**
 * Writes a value as the application asks for, whether or not a newer one is there; resolves to what was stored, in the
 * tier's own form, or to `undefined`.
 *
 * What can't be stored deletes the key: an older value must not outlive the write.
 */
export async function writeValue(engine: Engine, write: Write): Promise<Packed | undefined> {
  const { tier, flights, undelivered, clock, claimTtl } = engine
  const { address, view, lifetime, tagged, over } = write
  // A conditional write changes nothing unless its condition holds.
  if (over === undefined) flights.detach(address.at)
  // What was found has been invalidated since, though the store does not know of it yet.
  else if (undelivered.blocks(address.at)) return undefined
  if (lifetime === undefined) return dropUnfit(engine, write, 'ttl-0')
  // Whatever becomes of it, an invalidation that is not delivered has to outlive it.
  undelivered.outlive(keptFor(lifetime, view, clock.now(), claimTtl))
  if (tagged === undefined) return dropUnfit(engine, write, 'tags')
  const set: Put = (packed, kept) => tier.set(address, packed, kept).then(() => true)
  const put: Put = over === undefined ? set : (packed, kept) => putOver(engine, address, over, packed, kept)
  try {
    return await storeWritten(engine, { conditional: over !== undefined, ...write, lifetime, tagged }, put)
  } catch (error) {
    if (!isCacheError(error)) throw error
    // It may still land: without the delete the old value, or this one much later, could stay.
    return dropUnfit(engine, write, notStoredReason(error), error)
  }
}

async function dropUnfit(
  engine: Engine,
  { address, over }: Write,
  reason: NotStoredReason,
  error?: unknown,
): Promise<undefined> {
  const { tier, events, background, copies, undelivered } = engine
  const { key } = address
  if (events.active) events.emit({ type: 'not-stored', key, reason, ...(error !== undefined && { error }) })
  // A conditional write takes away only what it was to replace.
  const version = over !== undefined && 'version' in over ? over.version : undefined
  if (over !== undefined && version === undefined) return undefined
  // A store that did not answer has cost the caller one deadline already, so it does not wait for another.
  const unanswered = tier.name === 'remote' && (reason === 'store-error' || reason === 'tags')
  // What is not stored is an invalidation: until the store takes that, the old value must not be served.
  if (unanswered) undelivered.addKeys(engine, 'delete', [address])
  if (version !== undefined) copies?.drop(address)
  const dropped =
    version === undefined
      ? invalidateQuietly(engine, address)
      : invalidateVersionQuietly(engine, address, version)
  if (unanswered) background.add(key, dropped)
  else await dropped
  return undefined
}
