import { randomUUID } from 'node:crypto'
import {
  type Cache,
  type CacheOptions,
  type CacheStore,
  type Clock,
  createCache,
  systemClock,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { ManualClock, type MemoryRemoteServer, memoryRemoteServer } from '@lookaside/testing'
import { inject, onTestFinished } from 'vitest'
import { settled } from './behaviour/settled.js'

/** One of the stores that behaviour is tested over. */
export interface Backend {
  readonly name: 'lru' | 'memory' | 'redis' | 'memcached'
  readonly kind: CacheStore['kind']
  /** Whether its keys can be listed: `clear()` then deletes them, and otherwise ends a generation. */
  readonly lists: boolean
  /**
   * Opens a store: an empty one of a local kind, another connection to the same data of a remote one.
   *
   * The memory backend expires what it holds by `clock`, real servers by their own.
   */
  openStore(clock?: Clock): CacheStore
}

const memoryServers = new WeakMap<Clock, MemoryRemoteServer>()

/** One server for all stores that live by the same clock. */
function memoryServerOf(clock: Clock): MemoryRemoteServer {
  const server = memoryServers.get(clock) ?? memoryRemoteServer({ clock })
  memoryServers.set(clock, server)
  return server
}

export const lru: Backend = { name: 'lru', kind: 'local', lists: true, openStore: () => lruStore() }

export const memory: Backend = {
  name: 'memory',
  kind: 'remote',
  lists: true,
  openStore: (clock = systemClock) => memoryServerOf(clock).store(),
}

/** The machine that runs the tests may be slow; what the tests are about is not. */
const PATIENCE = '5s'

export const redis: Backend = {
  name: 'redis',
  kind: 'remote',
  lists: true,
  openStore: () => redisStore({ url: inject('redisUrl'), socketTimeout: PATIENCE, connectTimeout: PATIENCE }),
}

export const memcached: Backend = {
  name: 'memcached',
  kind: 'remote',
  lists: false,
  openStore: () =>
    memcachedStore({
      url: `memcached://${inject('memcachedServers')}`,
      timeout: PATIENCE,
      connectTimeout: PATIENCE,
    }),
}

export const backends: readonly Backend[] = [lru, memory, redis, memcached]

/** Those whose data other processes share. */
export const remoteBackends: readonly Backend[] = [memory, redis, memcached]

/** A prefix that nobody has used before. */
export function newPrefix(): string {
  return `test-${randomUUID()}`
}

/**
 * A cache on `backend` under a prefix of its own, which is closed when the test is over.
 *
 * Give two of them the same `prefix` and they are two processes that share their data. Store calls have 5 s:
 * the machine that runs the tests may be slow, and the tests about deadlines set their own.
 */
export function openCache(backend: Backend, options: Partial<CacheOptions> = {}): Cache {
  const cache = createCache({
    prefix: newPrefix(),
    storeTimeout: '5s',
    ...options,
    store: options.store ?? backend.openStore(options.clock),
  })
  onTestFinished(() => closed(cache, options.clock))
  return cache
}

/** Longer than any deadline that a test sets. */
const A_DAY = 24 * 3_600_000

/** Closes a cache. What a store leaves unanswered runs out of time, which a clock that stands still has to be given. */
async function closed(cache: Cache, clock: Clock | undefined): Promise<void> {
  const closing = cache.close()
  if (clock instanceof ManualClock) {
    const done = settled(closing)
    await clock.advance(0)
    while (!done()) await clock.advance(A_DAY)
  }
  await closing
}
