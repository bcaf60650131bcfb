import type { RemoteStore } from '../tiers/store.js'

/**
 * What `clear` is over two stores: the keys under a prefix go where they can be listed.
 *
 * The old store first, as by a delete. Where one of the two can't list its keys the core clears that one by
 * generations. Where neither can there is no `clear`.
 */
export function clearBoth({
  to,
  from,
}: {
  readonly to: RemoteStore
  readonly from: RemoteStore
}): Pick<RemoteStore, 'clear' | 'clearsInPart'> {
  const able = [from, to].filter(store => store.clear !== undefined)
  if (able.length === 0) return {}
  return {
    async clear(prefix) {
      const failures: unknown[] = []
      for (const store of able) {
        await store.clear?.(prefix).catch(error => void failures.push(error))
      }
      if (failures.length > 0) throw failures[0]
    },
    ...(able.length === 1 && { clearsInPart: true }),
  }
}
