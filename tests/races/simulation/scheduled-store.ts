import type { RemoteStore } from '@lookaside/core'

/** Waits for its turn, where that can be held back until others have taken some; the label says for what, in a report. */
export type Turn = (label: string, heldBack?: number) => Promise<void>

/**
 * A store behind a network: a request takes its turn to arrive, and its answer another one to come back.
 *
 * In between it is carried out at once, as one atomic step, like on a server.
 */
export function scheduledStore(store: RemoteStore, turn: Turn): RemoteStore {
  async function travel<T>(operation: string, perform: () => Promise<T>): Promise<T> {
    await turn(`${operation} arrives`)
    const answer = await perform()
    await turn(`${operation} answered`)
    return answer
  }
  const { expire, clear } = store
  return {
    kind: 'remote',
    name: store.name,
    limits: store.limits,
    get: key => travel('get', () => store.get(key)),
    getMany: keys => travel('getMany', () => store.getMany(keys)),
    set: (key, bytes, ttl) => travel('set', () => store.set(key, bytes, ttl)),
    add: (key, bytes, ttl) => travel('add', () => store.add(key, bytes, ttl)),
    replace: (key, bytes, ttl, version) => travel('replace', () => store.replace(key, bytes, ttl, version)),
    delete: (key, version) => travel('delete', () => store.delete(key, version)),
    deleteMany: keys => travel('deleteMany', () => store.deleteMany(keys)),
    increment: (key, by, options) => travel('increment', () => store.increment(key, by, options)),
    ...(expire && { expire: (key: string, bits: Uint8Array) => travel('expire', () => expire(key, bits)) }),
    ...(clear && { clear: (prefix: string) => travel('clear', () => clear(prefix)) }),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}
