import { putOver, storeWritten } from '../cache/store-written.js'
import { writeValue } from '../cache/write.js'
import { tagsToWrite } from '../cache/written-tags.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import { invalidateQuietly } from '../invalidation/invalidation.js'
import { lifetimeOf } from '../loading/lifetime.js'
import type { PendingWrite } from './pending-write.js'
import type { PendingWrites } from './pending-writes.js'

/** Puts a value into the cache that the database does not have yet, for at most `most`. */
export async function cacheUnwritten(
  engine: Engine,
  write: PendingWrite,
  pending: PendingWrites,
  most: Milliseconds,
): Promise<void> {
  const { address, settings, checked } = write
  // Two values of one key reach the store in the order in which they were set.
  const done = await engine.turns.take(address.at, engine.clock)
  try {
    if (pending.latest(address.key) !== write) return
    const { ttl, negativeTtl } = settings
    const shorter = {
      ...settings,
      ttl: Math.min(ttl, most),
      negativeTtl: negativeTtl === undefined ? undefined : Math.min(negativeTtl, most),
      // What a crash leaves is not served as stale either.
      grace: 0,
    }
    const since = engine.copies?.since()
    const lifetime = lifetimeOf(checked.value, undefined, shorter, engine.clock)
    const { view } = settings
    const { tags: names } = write
    const over = undefined
    const tagged = lifetime && (await tagsToWrite(engine, { address, view, names, lifetime, over }))
    const packed = await writeValue(engine, { address, view, checked, tagged, lifetime, since, over })
    write.cachedId = packed && engine.tier.idOf(packed)
  } finally {
    done()
  }
}

/** Keeps a value that the database has now for its full time if it still stands in the cache, and deletes the key otherwise. */
export async function settleWritten(
  engine: Engine,
  write: PendingWrite,
  pending: PendingWrites,
): Promise<void> {
  const { address, settings, checked, tags: names } = write
  const { view } = settings
  await write.cached.catch(() => {})
  // What is there now belongs to a newer value.
  if (pending.isSuperseded(write)) return
  if (write.cachedId !== undefined && (await keep())) return
  if (!pending.isSuperseded(write)) await invalidateQuietly(engine, address)

  async function keep(): Promise<boolean> {
    const { tier, clock, copies } = engine
    const since = copies?.since()
    const found = await tier.read(address, view)
    if (found.kind !== 'value' || found.identity.bits !== write.cachedId) return false
    const lifetime = lifetimeOf(checked.value, undefined, settings, clock)
    if (lifetime === undefined) return false
    const tagged = await tagsToWrite(engine, { address, view, names, lifetime, over: found })
    if (tagged === undefined) return false
    const written = { address, view, checked, tagged, lifetime, since, conditional: true }
    try {
      const stored = await storeWritten(engine, written, (packed, kept) =>
        putOver(engine, address, found, packed, kept),
      )
      return stored !== undefined
    } catch (error) {
      if (!isCacheError(error)) throw error
      return false
    }
  }
}
