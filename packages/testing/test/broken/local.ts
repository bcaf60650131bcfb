import type { Entry, LocalStore } from '@lookaside/core'
import { mapStore } from '../map-store.js'

/** A local store that breaks a rule on purpose. */
export interface BrokenLocalStore {
  readonly rule: string
  readonly because: string
  open(): LocalStore
}

export const BROKEN_LOCAL: readonly BrokenLocalStore[] = [
  local('says that it is local, and what it is called', 'it has no name', () => ({ name: '' })),
  local('returns the very entry that was set', 'it copies', store => ({
    get: key => structuredClone(store.get(key)),
  })),
  local('returns the very entry that was set', 'it gives an entry away', store => ({
    get(key) {
      const entry = store.get(key)
      store.delete(key)
      return entry
    },
  })),
  local('keeps falsy values', 'it takes falsy for absent', store => ({
    get(key) {
      const entry = store.get(key)
      return entry?.value ? entry : undefined
    },
  })),
  local('returns undefined for a key that was never set', 'it is a plain object', () => {
    const entries: Record<string, Entry<unknown>> = {}
    return {
      get: key => entries[key],
      set: (key, entry) => {
        entries[key] = entry
      },
    }
  }),
  local('takes any text as a key', 'it trims keys', store => ({
    get: key => store.get(key.trim()),
    set: (key, entry) => store.set(key.trim(), entry),
  })),
  local('takes any text as a key', 'it refuses the empty one', store => ({
    set: (key, entry) => (key === '' ? undefined : store.set(key, entry)),
  })),
  local('overwrites an entry', 'it keeps the first', store => ({
    set: (key, entry) => (store.get(key) === undefined ? store.set(key, entry) : undefined),
  })),
  local('takes the size of an entry', 'it refuses entries with one', store => ({
    set: (key, entry, size) => (size === undefined ? store.set(key, entry) : undefined),
  })),
  local('tells whether a delete found an entry', 'it always says yes', store => ({
    delete: key => store.delete(key) || true,
  })),
  local('tells whether a delete found an entry', 'it looks at the value', store => ({
    delete: key => store.get(key)?.value !== undefined && store.delete(key),
  })),
  local('forgets a deleted entry and no other', 'it forgets nothing', () => ({ delete: () => true })),
  local('forgets a deleted entry and no other', 'it forgets all', store => ({
    delete(key) {
      const found = store.get(key) !== undefined
      store.clear()
      return found
    },
  })),
  local('counts its entries', 'it does not see deletes', store => {
    const names = new Set<string>()
    return {
      get size() {
        return names.size
      },
      set: (key, entry) => store.set(names.add(key) && key, entry),
    }
  }),
  local('counts its entries', 'it counts nothing', () => ({ size: 0 })),
  local('clears everything without a prefix', 'it clears nothing then', store => ({
    clear: prefix => (prefix === undefined ? undefined : store.clear(prefix)),
  })),
  local('clears the keys that start with a prefix and no others', 'it clears everything', store => ({
    clear: () => store.clear(),
  })),
  local('clears the keys that start with a prefix and no others', 'it folds case', store => ({
    clear(prefix = '') {
      store.clear(prefix)
      store.clear(prefix.toUpperCase())
    },
  })),
  local('takes a prefix literally', 'it takes it for a pattern', store => {
    const names = new Set<string>()
    return {
      set: (key, entry) => store.set(names.add(key) && key, entry),
      clear(prefix = '') {
        for (const name of names) if (new RegExp(`^${prefix}`).test(name)) store.delete(name)
      },
    }
  }),
  local('never looks at the instants of an entry', 'it drops dead entries', store => ({
    get(key) {
      const entry = store.get(key)
      return entry !== undefined && entry.deleteAt > Date.now() ? entry : undefined
    },
  })),
]

function local(
  rule: string,
  because: string,
  breakage: (store: LocalStore) => Partial<LocalStore>,
): BrokenLocalStore {
  return {
    rule,
    because,
    open() {
      const store = mapStore()
      const size = { get: () => store.size, configurable: true }
      const whole: LocalStore = Object.defineProperty({ ...store }, 'size', size)
      return Object.defineProperties(whole, Object.getOwnPropertyDescriptors(breakage(store)))
    },
  }
}
