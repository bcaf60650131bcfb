import { decodeHead } from '../values/frame.js'
import { LateDeletes } from './late-deletes.js'
import { tokenAt } from './lifetime-left.js'
import type { MigratingSettings } from './migrating-options.js'
import type { PhaseOperations } from './migration-phase.js'
import { SecondStore } from './second-store.js'

/**
 * The old store counts; what is written or deleted there is deleted from the new one too, after that: so whoever brings
 * it over meanwhile has lost its claim.
 *
 * A delete that the new store does not take rejects, and so does a write by which something is invalidated. Of other
 * writes the delete in the new store is sent again until it lands.
 */
export function prepareOperations({ to, from, clock, timeout }: MigratingSettings): PhaseOperations {
  const fresh = new SecondStore(to, clock, timeout)
  const late = new LateDeletes(clock, async key => {
    await fresh.ask(store => store.delete(key))
  })

  async function written(key: string, bytes: Uint8Array, token: Weight = 'invalidation'): Promise<void> {
    const weight = weightOf(key, bytes, token)
    if (weight === 'none') return
    try {
      await fresh.ask(store => store.delete(key))
    } catch (error) {
      if (weight === 'invalidation') throw error
      late.add([key])
    }
  }

  const operations: PhaseOperations = {
    get: key => from.get(key),
    getMany: keys => from.getMany(keys),

    async set(key, bytes, ttl) {
      await from.set(key, bytes, ttl)
      await written(key, bytes)
    },

    async add(key, bytes, ttl) {
      const version = await from.add(key, bytes, ttl)
      if (version !== undefined) await written(key, bytes, 'newer')
      return version
    },

    async replace(key, bytes, ttl, version) {
      const next = await from.replace(key, bytes, ttl, version)
      if (next !== undefined) await written(key, bytes)
      return next
    },

    async delete(key, version) {
      const deleted = await from.delete(key, version)
      if (deleted || version === undefined) await fresh.ask(store => store.delete(key))
      return deleted
    },

    async deleteMany(keys) {
      await from.deleteMany(keys)
      if (keys.length > 0) await fresh.ask(store => store.deleteMany(keys))
    },

    async increment(key, by, options) {
      const count = await from.increment(key, by, options)
      await fresh.ask(store => store.delete(key)).catch(() => late.add([key]))
      return count
    },

    ping: scope => from.ping(scope),
    close: () => late.close(),
  }
  const { expire } = from
  if (expire === undefined) return operations
  return {
    ...operations,
    async expire(key, randomBits) {
      await expire.call(from, key, randomBits)
      await fresh.ask(store => store.delete(key))
    },
  }
}

/**
 * What a write means to those who have an older value in the new store: nothing, where it only says that somebody
 * loads; an invalidation, where it expires a value or a tag, or announces the write of a row; a newer value.
 */
type Weight = 'none' | 'invalidation' | 'newer'

function weightOf(key: string, bytes: Uint8Array, token: Weight): Weight {
  const head = decodeHead(key, bytes)
  if (head.kind === 'marker') return head.mark === 'write' ? 'invalidation' : 'none'
  if (head.kind === 'value') return head.expired ? 'invalidation' : 'newer'
  return tokenAt(key, bytes) === undefined ? 'newer' : token
}
