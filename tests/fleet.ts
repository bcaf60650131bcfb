import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
  type InvalidationBus,
  type LocalStore,
  memoryBus,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import {
  type EventTrace,
  eventTrace,
  type FaultyChangeBus,
  type FaultyMessageBus,
  type FaultyStore,
  faultyBus,
  faultyStore,
  ManualClock,
  type MemoryRemoteServer,
  type MemoryRemoteServerOptions,
  memoryRemoteServer,
} from '@lookaside/testing'

/** A simulated process: a cache with a local tier, on its own connections. */
export interface Process<B = undefined> {
  readonly cache: Cache
  readonly local: LocalStore
  readonly store: FaultyStore
  readonly bus: B
  readonly trace: EventTrace<CacheEvent>
}

/** Simulated processes on one simulated server, by one clock that stands still until it is moved. */
export interface Fleet {
  readonly clock: ManualClock
  readonly server: MemoryRemoteServer
  /** A process that nobody tells anything. */
  lone(options?: Partial<CacheOptions>): Process
  /** A process on the bus of messages that the fleet shares; resolves once it trusts that. */
  member(options?: Partial<CacheOptions>): Promise<Process<FaultyMessageBus>>
  /** A process that the server tells of every change. */
  observer(options?: Partial<CacheOptions>): Promise<Process<FaultyChangeBus>>
  /** A process without a local tier. */
  plain(options?: Partial<CacheOptions>): Cache
  /** Lets everything proceed that waits for no time. */
  settle(): Promise<void>
}

/** A fleet whose caches have these options unless they are given others. */
export function openFleet(
  defaults: Partial<CacheOptions> = {},
  serverOptions: MemoryRemoteServerOptions = {},
): Fleet {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ ...serverOptions, clock })
  // Each process closes its own connection.
  const shared = { ...memoryBus(), close: async () => {} }

  function process<B extends InvalidationBus | undefined>(
    bus: B,
    options: Partial<CacheOptions>,
  ): Process<B> {
    const local = lruStore()
    const store = faultyStore(server.store(), { clock })
    const cache = createCache({ clock, bus, ...defaults, store: [local, store], ...options })
    return { cache, local, store, bus, trace: eventTrace(cache) }
  }

  async function trusting<P extends Process<InvalidationBus>>(member: P): Promise<P> {
    await clock.advance(0)
    member.trace.events.length = 0
    return member
  }

  return {
    clock,
    server,
    lone: (options = {}) => process(undefined, options),
    member: (options = {}) => trusting(process(faultyBus(shared), options)),
    observer: (options = {}) => trusting(process(faultyBus(server.changeBus()), options)),
    plain: (options = {}) => createCache({ clock, ...defaults, ...options, store: server.store() }),
    settle: () => clock.advance(0),
  }
}
