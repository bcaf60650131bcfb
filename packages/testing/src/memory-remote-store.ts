import {
  CacheError,
  type ChangeBus,
  type Clock,
  quote,
  type RemoteStore,
  type StoreLimits,
  systemClock,
} from '@lookaside/core'
import { ChangeFeed } from './memory-change-bus.js'
import { MemoryItems } from './memory-items.js'

/** How a server in memory behaves. */
export interface MemoryRemoteServerOptions {
  /**
   * Its `monotonic()` time decides what has expired: the wall clock of the code under test may jump.
   * @default systemClock
   */
  readonly clock?: Clock
  /**
   * The largest value in bytes, and the step in milliseconds that expiries are rounded up to.
   * @default { maxValueBytes: 1_048_576, ttlStep: 1 }
   */
  readonly limits?: Partial<StoreLimits>
  /**
   * Optional operations that the stores shall not have.
   * @default []
   */
  readonly without?: readonly ('expire' | 'clear')[]
}

/** How a store in memory behaves, and what it is called. */
export interface MemoryRemoteStoreOptions extends MemoryRemoteServerOptions {
  /**
   * Its name in events and errors.
   * @default 'memory'
   */
  readonly name?: string
}

/** Data that any number of stores share, as the connections of several processes share a server. */
export interface MemoryRemoteServer {
  /** Opens another connection, named `'memory'` by default; closing it leaves the others and the data alone. */
  store(name?: string): RemoteStore
  /** The keys that have not expired, in no particular order. */
  keys(): string[]
  /** Loses all data, as a restarted or flushed server does: its buses say `flushed()`. */
  empty(): void
  /**
   * Opens a bus, named `'memory'` by default, that tells of every key that a store changes, of those that expire, and
   * of nothing else.
   *
   * It tells in a later microtask, and of all that one operation changes at once. It can't be down: `faultyBus` can.
   * While anyone listens, each key has a timer on the server's clock.
   */
  changeBus(name?: string): ChangeBus
}

const LIMITS: StoreLimits = { maxValueBytes: 1_048_576, ttlStep: 1 }

/**
 * A complete remote store in the memory of this process: the reference for the store contract, and a server
 * that tests need not start.
 *
 * Operations take effect at once, in the order of the calls, and answer a microtask later. Bytes are copied in
 * and out. A version names one write: writing the same bytes again makes another.
 *
 * @throws CacheError from its operations: `ERR_CACHE_KEY`, `ERR_CACHE_TOO_LARGE`, `ERR_CACHE_COUNTER`,
 * `ERR_CACHE_DURATION` for a ttl below 1 ms, `ERR_CACHE_CLOSED` after `close()`.
 *
 * @example
 * const clock = new ManualClock()
 * const store = memoryRemoteStore({ clock })
 * await store.set('a', new Uint8Array([1]), 1_000)
 * await clock.advance(1_000)
 * await store.get('a') // undefined
 */
export function memoryRemoteStore(options: MemoryRemoteStoreOptions = {}): RemoteStore {
  return memoryRemoteServer(options).store(options.name)
}

/**
 * Data in the memory of this process, and stores and buses that share it.
 *
 * @example
 * const server = memoryRemoteServer()
 * const [mine, yours] = [server.store(), server.store()]
 * await mine.set('a', new Uint8Array([1]), 1_000)
 * await yours.delete('a') // true
 *
 * const cache = createCache({ store: [lruStore(), server.store()], bus: server.changeBus() })
 */
export function memoryRemoteServer(options: MemoryRemoteServerOptions = {}): MemoryRemoteServer {
  const clock = options.clock ?? systemClock
  const items = new MemoryItems(clock, { ...LIMITS, ...options.limits })
  const feed = new ChangeFeed(items, clock)
  const without = new Set(options.without)
  return {
    store: (name = 'memory') => connect(items, name, without),
    keys: () => items.keys(),
    empty: () => items.empty(),
    changeBus: (name = 'memory') => feed.bus(name),
  }
}

function connect(items: MemoryItems, name: string, without: ReadonlySet<string>): RemoteStore {
  let closed = false
  function open(): MemoryItems {
    if (!closed) return items
    throw new CacheError(
      'ERR_CACHE_CLOSED',
      `expected an open store; ${quote(name)} was closed; create another one`,
    )
  }
  return {
    kind: 'remote',
    name,
    limits: items.limits,
    get: async key => open().get(key),
    getMany: async keys => {
      const data = open()
      return keys.map(key => data.get(key))
    },
    set: async (key, bytes, ttl) => void open().set(key, bytes, ttl),
    add: async (key, bytes, ttl) => open().add(key, bytes, ttl),
    replace: async (key, bytes, ttl, version) => open().replace(key, bytes, ttl, version),
    delete: async (key, version) => open().delete(key, version),
    deleteMany: async keys => open().deleteMany(keys),
    increment: async (key, by, incrementOptions) => open().increment(key, by, incrementOptions),
    ...(!without.has('expire') && {
      expire: async (key: string, randomBits: Uint8Array) => open().expire(key, randomBits),
    }),
    ...(!without.has('clear') && { clear: async (prefix: string) => open().clear(prefix) }),
    ping: async () => void open(),
    close: async () => {
      closed = true
    },
  }
}
