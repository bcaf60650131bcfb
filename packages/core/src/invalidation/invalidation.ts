import type { Engine } from '../engine.js'
import { CacheError, isCacheError } from '../errors.js'
import type { KeySpace } from '../keys/key.js'
import type { TagAddress } from '../tags/tag-load.js'
import type { Version } from '../tiers/store.js'
import type { Address } from '../tiers/tier.js'
import { deliverClear, deliverKeys, deliverTags, type InvalidationKind } from './deliver.js'

// The one way in which things are invalidated. Each resolves to whether the store took it; what it did not take is
// blocked in this process and sent again.

export async function invalidateKeys(
  engine: Engine,
  kind: InvalidationKind,
  addresses: readonly Address[],
): Promise<boolean> {
  const { events, counters, undelivered } = engine
  if (addresses.length === 0) return true
  const sentAt = undelivered.now
  const failure = await attempt(() => deliverKeys(engine, kind, addresses))
  if (failure === undefined) for (const { at } of addresses) undelivered.landed(at, kind, sentAt)
  else undelivered.addKeys(engine, kind, addresses)
  const delivered = failure === undefined
  counters.invalidations += addresses.length
  if (events.active) {
    for (const { key } of addresses) events.emit({ type: 'invalidate', kind, key, delivered })
  }
  return answer(engine, failure)
}

export async function invalidateTags(
  engine: Engine,
  kind: InvalidationKind,
  tags: TagAddress,
): Promise<boolean> {
  const { events, counters, undelivered } = engine
  const { space, names } = tags
  if (names.length === 0) return true
  const sentAt = undelivered.now
  const failure = await attempt(() => deliverTags(engine, kind, tags))
  if (failure === undefined) undelivered.tagsLanded(kind, space, names, sentAt)
  else undelivered.addTags(engine, kind, space, names)
  counters.invalidations += names.length
  if (events.active) {
    const delivered = failure === undefined
    events.emit({ type: 'invalidate-tags', kind, path: space.path, tags: names, delivered })
  }
  return answer(engine, failure)
}

/** Makes everything under the path of `space` unreadable. */
export async function clear(engine: Engine, space: KeySpace): Promise<boolean> {
  const { events, undelivered } = engine
  const sentAt = undelivered.now
  const failure = await attempt(() => deliverClear(engine, space))
  // Without a prefix nothing can be cleared, now or later.
  if (isCacheError(failure, 'ERR_CACHE_UNSUPPORTED')) throw failure
  if (failure === undefined) undelivered.clearLanded(space, sentAt)
  else undelivered.addClear(engine, space)
  if (events.active) events.emit({ type: 'clear', prefix: space.path, delivered: failure === undefined })
  return answer(engine, failure)
}

/** Deletes a key whose new value was not stored; whoever wrote it learns that from its own call. */
export function invalidateQuietly(engine: Engine, address: Address): Promise<void> {
  return deleteQuietly(engine, address, () => deliverKeys(engine, 'delete', [address]))
}

/** The same of the very bytes of a version. */
export function invalidateVersionQuietly(engine: Engine, address: Address, version: Version): Promise<void> {
  return deleteQuietly(engine, address, async () => {
    await engine.tier.delete(address.at, version)
    await engine.told.keys([address.at])
  })
}

async function deleteQuietly(engine: Engine, address: Address, send: () => Promise<void>): Promise<void> {
  const { undelivered } = engine
  const sentAt = undelivered.now
  const failure = await attempt(send)
  if (failure === undefined) undelivered.landed(address.at, 'delete', sentAt)
  else undelivered.addKeys(engine, 'delete', [address])
}

/** The failure of the store; anything else is a fault, and thrown. */
async function attempt(deliver: () => Promise<void>): Promise<CacheError | undefined> {
  try {
    await deliver()
    return undefined
  } catch (error) {
    if (isCacheError(error)) return error
    throw error
  }
}

function answer({ rejectsUndelivered, store }: Engine, cause: CacheError | undefined): boolean {
  if (cause === undefined) return true
  if (!rejectsUndelivered) return false
  throw new CacheError(
    'ERR_CACHE_UNDELIVERED',
    `${store.name} did not take the invalidation: ${cause.message}. It is sent again until the store takes it; until then other processes may serve what it names`,
    { cause },
  )
}
