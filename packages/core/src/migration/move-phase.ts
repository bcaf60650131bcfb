import type { Milliseconds } from '../duration.js'
import type { Version } from '../tiers/store.js'
import { tokenAt } from './lifetime-left.js'
import type { MigratingSettings } from './migrating-options.js'
import type { MigrationPhase, PhaseOperations } from './migration-phase.js'
import { MoveReads } from './move-reads.js'
import { MovedCounters } from './moved-counters.js'
import { encodeMoving, MOVING_TTL } from './moving.js'
import { type OldSlot, OldStore } from './old-store.js'
import { OldVersion } from './old-version.js'

/**
 * The new store counts; the old one is read where that has nothing.
 *
 * Whatever is written or deleted is deleted from the old store first: what the new one loses afterwards, by eviction or
 * by that very delete, must not come back from there.
 */
export function moveOperations(
  { to, from, clock, timeout, keepFor }: MigratingSettings,
  phase: Exclude<MigrationPhase, 'prepare'>,
): PhaseOperations {
  const old = new OldStore(from, to, { clock, timeout, keepFor, reads: phase === 'move' })
  const counters = new MovedCounters(to, old, clock)
  const byGenerations = to.clear !== undefined && from.clear === undefined
  const reads = new MoveReads(to, old, counters, clock, byGenerations ? { shards: from.shards } : undefined)
  /** What they name was written when the old store had nothing, and nobody who moves writes there. */
  const alone = new WeakSet<Version>()

  async function replace(key: string, bytes: Uint8Array, ttl: Milliseconds, version: Version) {
    if (!alone.has(version)) await old.forget([key])
    const next = await to.replace(key, bytes, ttl, version)
    if (next !== undefined) alone.add(next)
    return next
  }

  /** Over what lies in the old store: its delete there decides, and a claim here keeps others away meanwhile. */
  async function move(key: string, bytes: Uint8Array, ttl: Milliseconds, { version }: OldVersion) {
    const claim = await to.add(key, encodeMoving(), MOVING_TTL)
    if (claim === undefined) return undefined
    const removed = await old.remove(key, version).catch(() => false)
    if (removed) return to.replace(key, bytes, ttl, claim)
    await to.delete(key, claim)
    return undefined
  }

  async function inOld(key: string): Promise<OldSlot> {
    const until = old.until()
    const [looked] = await old.look([key], until)
    if (!old.holds(key, looked)) return looked
    const [found] = await old.read([key], until)
    return found
  }

  async function remove(key: string, until = old.until()): Promise<boolean> {
    const before = await old.forget([key], until)
    return (await to.delete(key)) || before
  }

  const operations: PhaseOperations = {
    get: key => reads.get(key),
    getMany: keys => reads.getMany(keys),

    async set(key, bytes, ttl) {
      await old.forget([key])
      await to.set(key, bytes, ttl)
    },

    async add(key, bytes, ttl) {
      const version = await to.add(key, bytes, ttl)
      if (version === undefined) return undefined
      const found = await inOld(key)
      // A new token beside one that the old store may have would end all that was tagged before.
      const hides = found instanceof Error && tokenAt(key, bytes) !== undefined && !old.isGivenUp(found)
      if (hides || old.holds(key, found)) {
        await to.delete(key, version)
        if (hides) throw found
        return undefined
      }
      if (found === undefined) alone.add(version)
      return version
    },

    replace: (key, bytes, ttl, version) =>
      version instanceof OldVersion ? move(key, bytes, ttl, version) : replace(key, bytes, ttl, version),

    async delete(key, version) {
      if (version === undefined) return remove(key)
      if (!(version instanceof OldVersion)) {
        if (!alone.has(version)) await old.forget([key])
        return to.delete(key, version)
      }
      return old.remove(key, version.version)
    },

    async deleteMany(keys) {
      await old.forget(keys)
      await to.deleteMany(keys)
    },

    increment: (key, by, options) => counters.increment(key, by, options),
    ping: scope => to.ping(scope),
    close: () => old.close(),
  }
  const { expire } = to
  if (expire === undefined) return operations
  return {
    ...operations,
    async expire(key, randomBits) {
      const until = old.until()
      const stored = await reads.get(key, until)
      // What can't be expired where it counts is deleted: of what the old store does not show nobody knows anything.
      if (stored === undefined || stored.version instanceof OldVersion) {
        await remove(key, until)
        return
      }
      await old.forget([key], until)
      await expire.call(to, key, randomBits)
    },
  }
}
