import type { Milliseconds } from '../duration.js'
import type { Version } from '../tiers/store.js'
import type { MigratingSettings } from './migrating-options.js'
import type { MigrationPhase, PhaseOperations } from './migration-phase.js'
import { MoveReads } from './move-reads.js'
import { MovedCounters } from './moved-counters.js'
import { encodeMoving, MOVING_TTL } from './moving.js'
import { OldStore } from './old-store.js'
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
  const reads = new MoveReads(to, old, counters, clock)
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

  /** Whether the old store has a value; `undefined` where nobody knows, and where what it has counts for nothing. */
  async function isInOld(key: string): Promise<boolean | undefined> {
    const until = old.until()
    const [looked] = await old.look([key], until)
    if (looked === undefined) return false
    if (!old.holds(key, looked)) return undefined
    const [found] = await old.read([key], until)
    return old.holds(key, found) || undefined
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
      const there = await isInOld(key)
      if (there === true) {
        await to.delete(key, version)
        return undefined
      }
      if (there === false) alone.add(version)
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
