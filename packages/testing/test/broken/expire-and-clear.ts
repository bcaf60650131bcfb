import type { RemoteStore } from '@lookaside/core'
import { type BrokenStore, broken, confusing } from './broken-store.js'

const STATE = 'expire, where there is one, gives a value the expired state and the random bits'
const AGAIN = 'expire, where there is one, gives an expired value new random bits'
const MARKER = 'expire, where there is one, deletes a marker'
const FOREIGN = 'expire, where there is one, deletes what is no frame'
const UNDER = 'clear, where there is one, deletes everything under a prefix and nothing else'
const LITERAL = 'clear, where there is one, takes * ? [ ] and \\ in a prefix literally'

export const BROKEN_EXPIRE: readonly BrokenStore[] = [
  expiring(
    'expire, where there is one, leaves an absent key absent',
    'it leaves a marker',
    async (store, key) => {
      await store.add(key, Buffer.from('expired'), 60_000)
    },
  ),
  expiring(STATE, 'it does nothing', async () => {}),
  expiring(STATE, 'it deletes', async (store, key) => void (await store.delete(key))),
  expiring(STATE, 'it keeps the random bits', (store, key) =>
    edit(store, key, frame => {
      frame[3] = 1
    }),
  ),
  expiring(STATE, 'it keeps the state', (store, key, bits) => edit(store, key, frame => frame.set(bits, 8))),
  expiring(STATE, 'it drops the payload', async (store, key, bits) => {
    await store.expire?.(key, bits)
    const stored = await store.get(key)
    if (stored !== undefined) await store.set(key, stored.bytes.subarray(0, 16), 60_000)
  }),
  expiring(AGAIN, 'it has done so before', async (store, key, bits) => {
    const stored = await store.get(key)
    if (stored?.bytes[3] !== 1) await store.expire?.(key, bits)
  }),
  expiring(AGAIN, 'it deletes it', async (store, key, bits) => {
    const stored = await store.get(key)
    if (stored?.bytes[3] === 1) await store.delete(key)
    await store.expire?.(key, bits)
  }),
  confusing(
    'expire, where there is one, voids the versions of before',
    'it compares payloads',
    (old, current) => old.subarray(16).equals(current.subarray(16)),
  ),
  expiring(
    'expire, where there is one, keeps the ttl',
    'it has a ttl of its own',
    async (store, key, bits) => {
      await store.expire?.(key, bits)
      await edit(store, key, () => {})
    },
  ),
  ...[2, 3].map(state =>
    expiring(MARKER, `it leaves those of state ${state}`, async (store, key, bits) => {
      const stored = await store.get(key)
      if (stored?.bytes[3] !== state) await store.expire?.(key, bits)
    }),
  ),
  expiring(MARKER, 'it makes a value of it', (store, key, bits) =>
    edit(store, key, frame => {
      frame[3] = 1
      frame.set(bits, 8)
    }),
  ),
  expiring(FOREIGN, 'it leaves it', async (store, key, bits) => {
    const stored = await store.get(key)
    if (stored?.bytes[0] === 0xff) await store.expire?.(key, bits)
  }),
  expiring(FOREIGN, 'it leaves what is empty', async (store, key, bits) => {
    const stored = await store.get(key)
    if (stored?.bytes.length !== 0) await store.expire?.(key, bits)
  }),
  broken(
    'expire, where there is one, touches no other key',
    'it takes the key for a prefix',
    (store, server) => ({
      async expire(key, bits) {
        for (const name of under(server.keys(), key)) await store.expire?.(name, bits)
      },
    }),
  ),
]

export const BROKEN_CLEAR: readonly BrokenStore[] = [
  broken(UNDER, 'it does nothing', () => ({ clear: async () => {} })),
  broken(UNDER, 'it flushes', (_, server) => ({ clear: async () => server.empty() })),
  broken(UNDER, 'it deletes what contains the prefix', (store, server) => ({
    clear: prefix => store.deleteMany(server.keys().filter(key => key.includes(prefix))),
  })),
  broken(UNDER, 'it spares the key that is the prefix', (store, server) => ({
    clear: prefix => store.deleteMany(under(server.keys(), prefix).filter(key => key !== prefix)),
  })),
  broken(LITERAL, 'it takes it for a glob', (store, server) => ({
    clear: prefix => store.deleteMany(server.keys().filter(key => glob(prefix).test(key))),
  })),
  broken(LITERAL, 'it takes it for a regular expression', (store, server) => ({
    async clear(prefix) {
      const pattern = new RegExp(`^${prefix.replaceAll('\\', '').replaceAll('[', '.').replaceAll('*', '.*')}`)
      await store.deleteMany(server.keys().filter(key => pattern.test(key)))
    },
  })),
  ...['*', '?', '[', ']', '\\'].map(sign =>
    broken(LITERAL, `it finds nothing with a ${sign}`, store => ({
      clear: async prefix => (prefix.includes(sign) ? undefined : store.clear?.(prefix)),
    })),
  ),
  broken('clear, where there is one, deletes more than 1,000 keys', 'it deletes 1,000', (store, server) => ({
    clear: prefix => store.deleteMany(under(server.keys(), prefix).slice(0, 1_000)),
  })),
  broken(
    'clear, where there is one, finds nothing under an unused prefix',
    'it flushes then',
    (store, server) => ({
      async clear(prefix) {
        if (under(server.keys(), prefix).length === 0) server.empty()
        return store.clear?.(prefix)
      },
    }),
  ),
]

function expiring(
  rule: string,
  because: string,
  expire: (store: RemoteStore, key: string, bits: Uint8Array) => Promise<void>,
): BrokenStore {
  return broken(rule, because, store => ({ expire: (key, bits) => expire(store, key, bits) }))
}

async function edit(store: RemoteStore, key: string, change: (frame: Uint8Array) => void): Promise<void> {
  const stored = await store.get(key)
  if (stored === undefined) return
  change(stored.bytes)
  await store.set(key, stored.bytes, 60_000)
}

function under(keys: readonly string[], prefix: string): string[] {
  return keys.filter(key => key.startsWith(prefix))
}

/** Patterns as Redis' MATCH has them. */
function glob(prefix: string): RegExp {
  const source = prefix.replaceAll(/\\(.)|[.{}()|^$+]|\*|\?/g, (sign, escaped?: string) => {
    if (sign === '*') return '.*'
    if (sign === '?') return '.'
    return `\\${escaped ?? sign}`
  })
  return new RegExp(`^${source.endsWith('[') || source.endsWith('\\') ? `${source}\\` : source}`)
}
