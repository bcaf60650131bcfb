import type { RemoteStore, Stored, Version } from '@lookaside/core'
import type { MemoryRemoteServer } from '@lookaside/testing'

/** A store that breaks a rule on purpose. */
export interface BrokenStore {
  /** The title of a rule that must notice. */
  readonly rule: string
  /** What is wrong with the store. */
  readonly because: string
  /** Opens a connection of the broken kind. */
  open(server: MemoryRemoteServer): RemoteStore
}

/** Breaks the store in memory by putting other operations in place of its own. */
export function broken(
  rule: string,
  because: string,
  breakage: (store: RemoteStore, server: MemoryRemoteServer) => Partial<RemoteStore>,
): BrokenStore {
  return {
    rule,
    because,
    open: server => {
      const store = server.store()
      return { ...store, ...breakage(store, server) }
    },
  }
}

/** Breaks the store in memory by letting other versions of a value pass than those of its very bytes. */
export function confusing(
  rule: string,
  because: string,
  same: (old: Buffer, current: Buffer) => boolean,
): BrokenStore {
  return broken(rule, because, store => comparing(store, same))
}

/** Gives a store versions that are the bytes themselves, compared by `same`. */
export function comparing(
  store: RemoteStore,
  same: (old: Buffer, current: Buffer) => boolean,
): Partial<RemoteStore> {
  const versionOf = (bytes: Uint8Array): Version => ({ bytes: Buffer.from(bytes) })
  const relabel = (stored: Stored | Error | undefined) =>
    stored === undefined || stored instanceof Error ? stored : { ...stored, version: versionOf(stored.bytes) }
  async function current(key: string, version: Version): Promise<Version | undefined> {
    const stored = await store.get(key)
    const matches = stored && 'bytes' in version && same(version.bytes as Buffer, Buffer.from(stored.bytes))
    return matches ? stored.version : undefined
  }
  return {
    get: async key => relabel(await store.get(key)) as Stored | undefined,
    getMany: async keys => (await store.getMany(keys)).map(relabel),
    add: async (key, bytes, ttl) => (await store.add(key, bytes, ttl)) && versionOf(bytes),
    async replace(key, bytes, ttl, version) {
      const given = versionOf(bytes)
      const actual = (await current(key, version)) ?? {}
      return (await store.replace(key, bytes, ttl, actual)) && given
    },
    async delete(key, version) {
      return store.delete(key, version && ((await current(key, version)) ?? {}))
    },
  }
}
