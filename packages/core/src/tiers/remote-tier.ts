import type { Background } from '../background.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import type { Events } from '../events.js'
import type { Undelivered } from '../invalidation/undelivered.js'
import { hashedWireKey, ownKey, wireClearPrefix } from '../keys/key.js'
import { randomBits } from '../random-bits.js'
import { Generations } from '../tags/generations.js'
import { RemoteTags } from '../tags/remote-tags.js'
import { StoredTokens } from '../tags/stored-tokens.js'
import { compress } from '../values/compression.js'
import {
  asExpired,
  bitsOf,
  decodeHead,
  encodeFrame,
  encodeMarker,
  FLAG_COMPRESSED,
  FLAG_UNCHECKED,
} from '../values/frame.js'
import { ReadBatch } from './read-batch.js'
import { remoteReads } from './remote-reads.js'
import type { RemoteStore, Version } from './store.js'
import type { StoreCalls } from './store-calls.js'
import type { Address, Tier } from './tier.js'

/** How long it may take to find and delete everything under a prefix. */
const CLEAR_TIMEOUT: Milliseconds = 60_000

/** What the remote tiers of several caches over one store share, and what their cache reports to. */
export interface RemoteTierContext {
  readonly clock: Clock
  readonly events: Events
  readonly background: Background
  readonly undelivered: Undelivered
}

/** A remote store as a tier: frames on the wire, reads joined into batches. */
export function remoteTier(calls: StoreCalls, context: RemoteTierContext): Tier {
  const { clock, background, undelivered } = context
  const { store } = calls
  const batch = new ReadBatch(calls)
  const storedTokens = new StoredTokens(calls, batch, clock)
  const generations =
    store.clear === undefined || store.clearsInPart
      ? new Generations(calls, storedTokens, clock, background)
      : undefined
  const tags = new RemoteTags(calls, storedTokens, undelivered, generations, background)

  function add(at: string, bytes: Uint8Array, ttl: Milliseconds): Promise<Version | undefined> {
    return calls.run('add', [at], s => s.add(at, bytes, ttl), {
      // An answer that comes too late has left a marker that nobody holds: it would make others wait for nothing.
      late(version) {
        if (version !== undefined) calls.run('delete', [at], s => s.delete(at, version)).catch(() => {})
      },
    })
  }

  const read = remoteReads(calls, batch, tags, generations, context)

  return {
    name: 'remote',
    address(space, key) {
      const { wire, hash } = hashedWireKey(space, key)
      return { key, at: wire, space, hash }
    },
    read,
    readMany: (addresses, view) => Promise.all(addresses.map(address => read(address, view))),
    pack(address, entry, view, checkable, tagged) {
      const { codecId, payload } = view.format.codec.encode(entry.value)
      if (!view.format.codec.framed) return withinLimit(address, payload)
      const { compression } = view.format
      const smaller = compression === undefined ? undefined : compress(payload, compression)
      const frame = encodeFrame(address.at, {
        meta: entry,
        expired: false,
        codecId,
        flags: (smaller === undefined ? 0 : FLAG_COMPRESSED) | (checkable ? 0 : FLAG_UNCHECKED),
        tagged,
        payload: smaller ?? payload,
      })
      return withinLimit(address, frame)
    },
    packMarker: (address, holder, mark) => encodeMarker(address.at, holder, mark),
    idOf: packed => bitsOf(packed as Uint8Array),
    async elect(address, id, holder, ttl) {
      const at = ownKey(address.space, 'refresh', String(id))
      const marker = encodeMarker(at, holder, 'load')
      const elected = await add(at, marker, ttl)
      if (elected === undefined) return undefined
      let version: Version | undefined = elected
      return {
        async renew() {
          const held = version
          if (held !== undefined)
            version = await calls.run('replace', [at], s => s.replace(at, marker, ttl, held))
        },
        async giveUp() {
          if (version !== undefined) await calls.run('delete', [at], s => s.delete(at, version))
        },
      }
    },
    tags,
    set: ({ at }, packed, ttl) => calls.run('set', [at], s => s.set(at, packed as Uint8Array, ttl)),
    add: (at, packed, ttl) => add(at, packed as Uint8Array, ttl),
    replace: (at, packed, ttl, version) =>
      calls.run('replace', [at], s => s.replace(at, packed as Uint8Array, ttl, version)),
    delete: (at, version) => calls.run('delete', [at], s => s.delete(at, version)),
    async drop(addresses) {
      const ats = addresses.map(({ at }) => at)
      const [only] = ats
      if (ats.length === 1 && only !== undefined) {
        await calls.run('delete', [only], s => s.delete(only))
        return
      }
      await calls.deleteMany(ats)
    },
    async expire(address, linger) {
      const { at } = address
      if (store.expire !== undefined) {
        await calls.run('expire', [at], s => (s.expire as NonNullable<typeof s.expire>)(at, randomBits()))
        return
      }
      for (let attempt = 0; attempt < 2; attempt++) {
        const stored = await calls.run('get', [at], s => s.get(at))
        // A store over two may have found nothing where it looked, and something elsewhere to delete.
        if (stored === undefined) break
        const head = decodeHead(address.at, stored.bytes)
        const ttl = head.kind === 'value' ? head.deleteAt + linger - clock.now() : 0
        if (ttl < 1) break
        const replaced = await calls.run('replace', [at], s =>
          s.replace(at, asExpired(stored.bytes), ttl, stored.version),
        )
        if (replaced !== undefined) return
      }
      await calls.run('delete', [at], s => s.delete(at))
    },
    increment: ({ at }, by, options) => calls.run('increment', [at], s => s.increment(at, by, options)),
    clearPrefix: wireClearPrefix,
    async clear(space) {
      // Throws for a root without a prefix, whose keys can't be told from those of others.
      const prefix = wireClearPrefix(space)
      // Before the keys go: whoever goes by the old generation until then leaves nothing behind.
      await generations?.clear(space)
      if (store.clear === undefined) return
      const call = (s: RemoteStore) => (s.clear as NonNullable<typeof s.clear>)(prefix)
      await calls.run('clear', [prefix], call, { timeout: CLEAR_TIMEOUT })
    },
    ping: timeout => calls.ping(timeout),
  }

  function withinLimit(address: Address, bytes: Uint8Array): Uint8Array {
    const { maxValueBytes } = store.limits
    if (bytes.byteLength <= maxValueBytes) return bytes
    throw new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `the value of '${address.key}' takes ${bytes.byteLength} bytes; ${store.name} takes at most ${maxValueBytes}. Compress it, split it, or raise the limit of the store and its server`,
    )
  }
}
