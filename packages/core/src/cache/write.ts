import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { NotStoredReason } from '../events.js'
import { invalidateQuietly, invalidateVersionQuietly } from '../invalidation/invalidation.js'
import { keptFor, type Lifetime } from '../loading/lifetime.js'
import { namesOf, type Tagged } from '../tags/token.js'
import type { Since } from '../tiers/local-copies.js'
import type { Slot } from '../tiers/slot.js'
import type { Address, Packed, View } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'
import type { CheckedValue } from '../values/schema-check.js'

/** A value that the application writes. */
export interface Write {
  readonly address: Address
  readonly view: View
  readonly checked: CheckedValue
  /** Its tags, with tokens from before the write; `undefined` where they could not be had. */
  readonly tagged: readonly Tagged[] | undefined
  /** `undefined` for a value that is not to be stored. */
  readonly lifetime: Lifetime | undefined
  /** When its tags were asked for; `undefined` without a local tier. */
  readonly since: Since | undefined
  /** What must still stand at the key; `undefined` for whatever is there. */
  readonly over: Slot | undefined
}

/**
 * Writes a value as the application asks for, whether or not a newer one is there; resolves to whether it was stored.
 *
 * What can't be stored deletes the key: an older value must not outlive the write.
 */
export async function writeValue(engine: Engine, write: Write): Promise<boolean> {
  const { tier, flights, events, clock, claimTtl, copies, undelivered } = engine
  const { address, view, checked, lifetime, tagged } = write
  // A conditional write changes nothing unless its condition holds.
  if (write.over === undefined) flights.detach(address.at)
  // What was found has been invalidated since, though the store does not know of it yet.
  else if (undelivered.blocks(address.at)) return false
  if (lifetime === undefined) return dropUnfit(engine, write, 'ttl-0')
  const kept = keptFor(lifetime, view, clock.now(), claimTtl)
  undelivered.outlive(kept)
  if (tagged === undefined) return dropUnfit(engine, write, 'tags')
  const { schemaVersion } = view
  const entry: Entry<unknown> = {
    value: checked.value,
    createdAt: clock.now(),
    loadTime: 0,
    ...lifetime,
    schemaVersion,
  }
  try {
    const { checkable } = checked
    const packed = tier.pack(address, entry, view, checkable, tagged)
    const sentAt = undelivered.now
    const storing = put(engine, address, packed, kept, write.over)
    const since = copies?.since()
    const stored = await storing
    if (stored) {
      flights.detach(address.at)
      undelivered.landed(address.at, 'delete', sentAt)
      if (since !== undefined)
        copies?.replace(address, { entry, tags: namesOf(tagged), checkable }, view, since, write.since)
      await engine.told.keys([address.at])
    }
    if (stored && events.active) events.emit({ type: 'set', key: address.key })
    return stored
  } catch (error) {
    if (isCacheError(error, 'ERR_CACHE_NOT_ENCODABLE'))
      return dropUnfit(engine, write, 'not-encodable', error)
    if (isCacheError(error, 'ERR_CACHE_TOO_LARGE')) return dropUnfit(engine, write, 'too-large', error)
    // It may still land: without the delete the old value, or this one much later, could stay.
    if (isCacheError(error)) return dropUnfit(engine, write, 'store-error', error)
    throw error
  }
}

async function put(
  { tier }: Engine,
  address: Address,
  packed: Packed,
  ttl: Milliseconds,
  over: Slot | undefined,
): Promise<boolean> {
  if (over === undefined) {
    await tier.set(address, packed, ttl)
    return true
  }
  const { at } = address
  if (over.kind === 'empty') return (await tier.add(at, packed, ttl)) !== undefined
  return 'version' in over && (await tier.replace(at, packed, ttl, over.version)) !== undefined
}

async function dropUnfit(
  engine: Engine,
  { address, over }: Write,
  reason: NotStoredReason,
  error?: unknown,
): Promise<false> {
  const { tier, events, background, copies, undelivered } = engine
  const { key } = address
  if (events.active) events.emit({ type: 'not-stored', key, reason, ...(error !== undefined && { error }) })
  // A conditional write takes away only what it was to replace.
  const version = over !== undefined && 'version' in over ? over.version : undefined
  if (over !== undefined && version === undefined) return false
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
  return false
}
