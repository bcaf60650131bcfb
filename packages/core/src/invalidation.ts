import type { Engine } from './engine.js'
import { CacheError, isCacheError, quote } from './errors.js'
import { checkKey, type KeySpace } from './key.js'
import { checkOptions } from './options.js'
import type { Address } from './tier.js'

/** What a write makes obsolete. */
export interface InvalidateAfterOptions<R> {
  /** Keys to delete; a function of the write's result is asked only when the write succeeded. */
  readonly keys: readonly string[] | ((result: R) => readonly string[])
}

/** Keys collected for one invalidation. */
export interface Invalidation {
  /** Adds keys. @throws CacheError `ERR_CACHE_KEY` */
  keys(...keys: string[]): this
  /** Deletes what was collected so far and starts afresh; resolves to whether the store took it. */
  run(): Promise<boolean>
}

/**
 * The one way in which keys are invalidated; resolves to whether the store took it.
 *
 * Flights are detached before and after: one that began while the store was being told may have read the old value.
 */
export async function invalidate(
  engine: Engine,
  kind: 'delete' | 'expire',
  addresses: readonly Address[],
): Promise<boolean> {
  const { tier, flights, events, counters, claimTtl } = engine
  if (addresses.length === 0) return true
  const detach = () => {
    for (const { at } of addresses) flights.detach(at)
  }
  detach()
  let delivered = true
  try {
    const [first] = addresses as [Address]
    if (kind === 'expire') await tier.expire(first, claimTtl)
    else if (addresses.length === 1) await tier.delete(first.at)
    else await tier.deleteMany(addresses.map(({ at }) => at))
  } catch (error) {
    if (!isCacheError(error)) throw error
    delivered = false
  }
  detach()
  counters.invalidations += addresses.length
  if (events.active) {
    for (const { key } of addresses) events.emit({ type: 'invalidate', kind, key, delivered })
  }
  return delivered
}

/** Deletes everything under the path of `space`. */
export async function clear({ tier, flights, events }: Engine, space: KeySpace): Promise<void> {
  const prefix = tier.clearPrefix(space)
  flights.detachUnder(prefix)
  let delivered = false
  try {
    await tier.clear(prefix)
    delivered = true
  } finally {
    flights.detachUnder(prefix)
    if (events.active) events.emit({ type: 'clear', prefix: space.path, delivered })
  }
}

/** What invalidating needs of a cache. */
interface Target {
  deleteMany(keys: readonly string[]): Promise<boolean>
}

export function collectInvalidation(target: Target, checkKey: (key: unknown) => void): Invalidation {
  const collected = new Set<string>()
  return {
    keys(...keys) {
      for (const key of keys) {
        checkKey(key)
        collected.add(key)
      }
      return this
    },
    async run() {
      const keys = [...collected]
      collected.clear()
      return target.deleteMany(keys)
    },
  }
}

export async function invalidateAfter<R>(
  target: Target,
  write: () => R | PromiseLike<R>,
  options: InvalidateAfterOptions<R>,
): Promise<R> {
  checkOptions('invalidateAfter', options, ['keys'])
  const keys = options?.keys
  if (typeof write !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `invalidateAfter takes the write as a function; received ${quote(write)}`,
    )
  }
  if (!Array.isArray(keys) && typeof keys !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `keys of invalidateAfter must be an array or a function; received ${quote(keys)}`,
    )
  }
  // A key that is none must not be found out after the write.
  if (typeof keys !== 'function') for (const key of keys) checkKey(key)
  let result: R
  try {
    result = await write()
  } catch (error) {
    // What the write failed with matters more than what becomes of the invalidation, which has its own events.
    if (typeof keys !== 'function') await target.deleteMany(keys).catch(() => {})
    throw error
  }
  try {
    await target.deleteMany(typeof keys === 'function' ? keys(result) : keys)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CacheError(
      'ERR_CACHE_INVALIDATION',
      `the write succeeded, but what it makes obsolete was not invalidated: ${reason}. Its result is in 'result'`,
      { cause, result },
    )
  }
  return result
}
