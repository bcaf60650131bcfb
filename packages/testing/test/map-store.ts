import type { Entry, LocalStore } from '@lookaside/core'

/** The least local store that keeps the contract. */
export function mapStore(): LocalStore {
  const entries = new Map<string, Entry<unknown>>()
  return {
    kind: 'local',
    name: 'map',
    get size() {
      return entries.size
    },
    get: key => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: key => entries.delete(key),
    clear(prefix = '') {
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key)
    },
  }
}
