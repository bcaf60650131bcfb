import type { Stored } from '@lookaside/core'
import { type BrokenStore, broken } from './broken-store.js'

const TELLS = 'tells whether a delete found a value'
const BY_VERSION = 'deletes by a version only the bytes it names'
const MANY = 'deletes many keys, present and missing ones'
const ORDER = 'reads many keys in their order, with gaps for missing ones'
const DOUBLES = 'reads a key as often as it is named'
const VERSIONS = 'returns versions of many keys that replace and delete accept'

export const BROKEN_DELETES: readonly BrokenStore[] = [
  broken(TELLS, 'it always says yes', store => ({ delete: async key => (await store.delete(key)) || true })),
  broken(TELLS, 'it returns the number deleted', store => ({
    delete: async key => Number(await store.delete(key)) as unknown as boolean,
  })),
  broken('deletes one key and no other', 'it takes the key for a prefix', store => ({
    async delete(key) {
      await store.clear?.(key)
      return true
    },
  })),
  broken(BY_VERSION, 'it ignores the version', store => ({ delete: key => store.delete(key) })),
  broken(BY_VERSION, 'with one it deletes nothing', store => ({
    delete: async (key, version) => (version === undefined ? store.delete(key) : false),
  })),
  broken('finds nothing to delete by a version where nothing is', 'it says that it did', store => ({
    delete: async (key, version) => (await store.delete(key, version)) || version !== undefined,
  })),
  broken('releases no claim but its own', 'it ignores the version', store => ({
    delete: key => store.delete(key),
  })),
  broken(MANY, 'it deletes the first 500', store => ({
    deleteMany: keys => store.deleteMany(keys.slice(0, 500)),
  })),
  broken(MANY, 'it stops at a missing key', store => ({
    async deleteMany(keys) {
      for (const key of keys) if (!(await store.delete(key))) return
    },
  })),
  broken(MANY, 'it rejects if one is missing', store => ({
    async deleteMany(keys) {
      for (const key of keys) if (!(await store.delete(key))) throw new Error('missing')
    },
  })),
  broken('deletes nothing for an empty list', 'the server wants an argument', store => ({
    async deleteMany(keys) {
      if (keys.length === 0) throw new Error('wrong number of arguments')
      return store.deleteMany(keys)
    },
  })),
  broken('deletes nothing for an empty list', 'it takes none for all', (store, server) => ({
    deleteMany: async keys => (keys.length === 0 ? server.empty() : store.deleteMany(keys)),
  })),
]

export const BROKEN_MANY: readonly BrokenStore[] = [
  broken(ORDER, 'it answers in the order of the keys', store => ({
    getMany: keys => store.getMany([...keys].sort()),
  })),
  broken(ORDER, 'it leaves the gaps out', store => ({
    getMany: async keys => (await store.getMany(keys)).filter(stored => stored !== undefined),
  })),
  broken(ORDER, 'its gaps are null', store => ({
    getMany: async keys =>
      (await store.getMany(keys)).map(stored => stored ?? (null as unknown as undefined)),
  })),
  broken(DOUBLES, 'it reads each key once', store => ({
    getMany: keys => store.getMany([...new Set(keys)]),
  })),
  broken(DOUBLES, 'it fills one slot per key', store => ({
    async getMany(keys) {
      const found = await store.getMany(keys)
      return found.map((stored, index) =>
        keys.indexOf(keys[index] as string) === index ? stored : undefined,
      )
    },
  })),
  broken('reads nothing for an empty list', 'the server wants an argument', store => ({
    async getMany(keys) {
      if (keys.length === 0) throw new Error('wrong number of arguments')
      return store.getMany(keys)
    },
  })),
  broken('reads a single key', 'it does not put one answer into a list', store => ({
    getMany: async keys => (keys.length === 1 ? [undefined] : store.getMany(keys)),
  })),
  broken('reads empty values among many, which are not absent ones', 'it takes empty for absent', store => ({
    getMany: async keys =>
      (await store.getMany(keys)).map(stored => ((stored as Stored)?.bytes.length ? stored : undefined)),
  })),
  broken('reads 1,000 keys', 'it reads the first 500', store => ({
    getMany: async keys => [
      ...(await store.getMany(keys.slice(0, 500))),
      ...keys.slice(500).map(() => undefined),
    ],
  })),
  broken(VERSIONS, 'those are not the ones that it compares', store => ({
    getMany: async keys => (await store.getMany(keys)).map(stored => stored && { ...stored, version: {} }),
  })),
  broken(VERSIONS, 'they are looked up too late', store => ({
    async replace(key, bytes, ttl) {
      const stored = await store.get(key)
      return stored && store.replace(key, bytes, ttl, stored.version)
    },
  })),
]
