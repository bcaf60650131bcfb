import type { Milliseconds, RemoteStore } from '@lookaside/core'
import { type BrokenStore, broken } from './broken-store.js'

const DAYS_30: Milliseconds = 2_592_000_000
const WRITES = ['set', 'add', 'replace', 'increment'] as const
const GONE = 'drops a value after its ttl and twice ttlStep, however it was stored'
const LAST_SET = 'gives a key the ttl of its last set'
const LOSERS = 'keeps the ttl of a value when an add or a replace loses'

export const BROKEN_EXPIRY: readonly BrokenStore[] = [
  broken('keeps a value for the whole of its ttl', 'it rounds down to its step', store => ({
    set: (key, bytes, ttl) => store.set(key, bytes, Math.max(1, ttl - 150)),
  })),
  ...WRITES.map(operation =>
    broken(GONE, `${operation} takes milliseconds for seconds`, store => ({
      [operation]: lasting(store, ttl => ttl * 1_000)[operation],
    })),
  ),
  broken(GONE, 'it drops only what is read by get', (store, server) => {
    const kept = server.store()
    return {
      set: (key, bytes, ttl) => kept.set(key, bytes, ttl * 10),
      get: key => (key.endsWith('set') ? Promise.resolve(undefined) : store.get(key)),
    }
  }),
  broken(LAST_SET, 'it keeps the first ttl', store => {
    const ttls = new Map<string, Milliseconds>()
    return {
      set(key, bytes, ttl) {
        const first = ttls.get(key) ?? ttl
        ttls.set(key, first)
        return store.set(key, bytes, first)
      },
    }
  }),
  broken(LAST_SET, 'it keeps the longest ttl', store => {
    const ttls = new Map<string, Milliseconds>()
    return {
      set(key, bytes, ttl) {
        const longest = Math.max(ttls.get(key) ?? 0, ttl)
        ttls.set(key, longest)
        return store.set(key, bytes, longest)
      },
    }
  }),
  broken(LOSERS, 'a lost add renews', store => ({
    async add(key, bytes, ttl) {
      const version = await store.add(key, bytes, ttl)
      if (version === undefined) await touch(store, key, ttl)
      return version
    },
  })),
  broken(LOSERS, 'a lost replace renews', store => ({
    async replace(key, bytes, ttl, version) {
      const next = await store.replace(key, bytes, ttl, version)
      if (next === undefined) await touch(store, key, ttl)
      return next
    },
  })),
  ...WRITES.map(operation =>
    broken(
      'takes a ttl of more than 30 days and of years',
      `${operation} takes it for a date in 1970`,
      store => {
        const vanish = { set: true, add: {}, replace: {}, increment: 1n }[operation]
        return {
          [operation]: async (...args: never[]) => {
            const ttl = args.map(arg => (typeof arg === 'object' && 'ttl' in arg ? arg['ttl'] : arg))
            const dated = ttl.some(arg => typeof arg === 'number' && arg > DAYS_30)
            if (dated) await store.delete(args[0] as unknown as string)
            return dated ? vanish : (store[operation] as (...args: never[]) => Promise<unknown>)(...args)
          },
        }
      },
    ),
  ),
  ...WRITES.map(operation =>
    broken('takes a ttl with a fraction of a millisecond', `${operation} wants an integer`, store => ({
      [operation]: lasting(store, ttl => {
        if (!Number.isInteger(ttl)) throw new Error('value is not an integer or out of range')
        return ttl
      })[operation],
    })),
  ),
  broken('takes a ttl with a fraction of a millisecond', 'it takes one for none', store => ({
    set: lasting(store, ttl => (Number.isInteger(ttl) ? ttl : DAYS_30)).set,
  })),
]

/** The writes of a store under another ttl than the one given. */
function lasting(
  store: RemoteStore,
  change: (ttl: Milliseconds) => Milliseconds,
): Pick<RemoteStore, (typeof WRITES)[number]> {
  return {
    set: async (key, bytes, ttl) => store.set(key, bytes, change(ttl)),
    add: async (key, bytes, ttl) => store.add(key, bytes, change(ttl)),
    replace: async (key, bytes, ttl, version) => store.replace(key, bytes, change(ttl), version),
    increment: async (key, by, { initial, ttl }) => store.increment(key, by, { initial, ttl: change(ttl) }),
  }
}

async function touch(store: RemoteStore, key: string, ttl: Milliseconds): Promise<void> {
  const stored = await store.get(key)
  if (stored !== undefined) await store.replace(key, stored.bytes, ttl, stored.version)
}
