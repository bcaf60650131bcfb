import { type Cache, createCache, type Milliseconds } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { redisBus, redisStore } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { monotonic } from '../monotonic.js'
import type { Mode } from './messages.js'
import { Reader } from './reader.js'

/** A way to change what the readers have copies of. */
export interface Way {
  readonly name: string
  readonly mode: Mode
  /** Makes the value of a key obsolete; resolves when that is done. */
  readonly change: (caches: Caches, key: string) => Promise<unknown>
}

interface Caches {
  readonly cache: Cache
  /** A client that knows nothing of caches. */
  readonly plain: Redis
}

export const WAYS: readonly Way[] = [
  { name: 'delete, pubsub', mode: 'pubsub', change: ({ cache }, key) => cache.delete(key) },
  { name: 'deleteTags, pubsub', mode: 'pubsub', change: ({ cache }, key) => cache.deleteTags([key]) },
  { name: 'delete, tracking', mode: 'tracking', change: ({ cache }, key) => cache.delete(key) },
  { name: 'deleteTags, tracking', mode: 'tracking', change: ({ cache }, key) => cache.deleteTags([key]) },
  {
    name: 'DEL by a plain client, tracking',
    mode: 'tracking',
    change: ({ plain }, key) => plain.del(`lookaside::${key}`),
  },
]

/** What one way has shown; times in ms, one of each reader and round. */
export interface Measured {
  readonly way: Way
  /** From the call that invalidates until the reader's copy is gone. */
  readonly fromCall: readonly Milliseconds[]
  /** From the call's return; negative where the copy was gone before. */
  readonly fromReturn: readonly Milliseconds[]
  /** How many reads after the copy was gone brought anything but the new value. */
  readonly outdated: number
}

/** Invalidates `rounds` keys, one after the other, which all readers have copies of. */
export async function measure(
  url: string,
  way: Way,
  { rounds, readers: count }: { readonly rounds: number; readonly readers: number },
  onRound: (round: number) => void,
): Promise<Measured> {
  const bus = redisBus(url, { mode: way.mode })
  const cache = createCache({ store: [lruStore({ maxEntries: 1_000 }), redisStore(url)], bus })
  const plain = new Redis(url)
  const readers = Array.from({ length: count }, () => new Reader())
  const fromCall: Milliseconds[] = []
  const fromReturn: Milliseconds[] = []
  let outdated = 0
  try {
    await cache.ready()
    await Promise.all(
      readers.map(reader => {
        const open = reader.next('open')
        reader.send({ type: 'open', url, mode: way.mode })
        return open
      }),
    )
    for (let round = 0; round < rounds; round++) {
      const key = `key:${round}`
      // By tag only where it is invalidated by tag: any other way would show as a miss of the tag too.
      await cache.set(key, 1, { tags: [key] })
      await Promise.all(readers.map(reader => ask(reader, 'hold', 'held', key)))
      const drops = readers.map(reader => reader.next('dropped', key))
      const called = monotonic()
      await way.change({ cache, plain }, key)
      const returned = monotonic()
      for (const { at } of await Promise.all(drops)) {
        fromCall.push(at - called)
        fromReturn.push(at - returned)
      }
      await cache.set(key, 2)
      const read = await Promise.all(readers.map(reader => ask(reader, 'read', 'read', key)))
      outdated += read.filter(reply => reply.type !== 'read' || reply.version !== 2).length
      onRound(round + 1)
    }
  } finally {
    for (const reader of readers) reader.dismiss()
    plain.disconnect()
    await cache.close()
  }
  return { way, fromCall, fromReturn, outdated }
}

function ask(reader: Reader, type: 'hold' | 'read', answer: 'held' | 'read', key: string) {
  const reply = reader.next(answer, key)
  reader.send({ type, key })
  return reply
}
