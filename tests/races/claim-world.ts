import type { Cache, CacheEvent, CacheOptions, Guard, RemoteStore } from '@lookaside/core'
import {
  type EventTrace,
  eventTrace,
  type FaultyStore,
  faultyStore,
  ManualClock,
  type MemoryRemoteServer,
  memoryRemoteServer,
} from '@lookaside/testing'
import { type Backend, newPrefix, openCache } from '../backends.js'

/** A cache of a claim test, with what it does to its store and what it tells. */
export interface Opened {
  readonly cache: Cache
  /** Its connection, to be made slow, and the log of its calls. */
  readonly store: FaultyStore
  readonly trace: EventTrace<CacheEvent>
}

/** Shares whatever flight the core lets it share, and does nothing else. */
export const joining: Guard = { name: 'joining', joins: true, run: (flight, next) => next(flight) }

/** Several processes on one server, with a clock to move by hand. */
export class ClaimWorld {
  readonly clock: ManualClock
  readonly prefix = newPrefix()
  readonly #connect: (clock: ManualClock) => RemoteStore

  constructor(connect: (clock: ManualClock) => RemoteStore, clock = new ManualClock()) {
    this.clock = clock
    this.#connect = connect
  }

  /** A process of its own: a connection and a cache, whose calls have all the time they need. */
  open(backend: Backend, options: Partial<CacheOptions> = {}): Opened {
    const store = faultyStore(this.#connect(this.clock), { clock: this.clock })
    const cache = openCache(backend, {
      clock: this.clock,
      prefix: this.prefix,
      storeTimeout: '1d',
      store,
      ...options,
    })
    return { cache, store, trace: eventTrace(cache) }
  }

  /** The key as the server knows it. */
  at(key: string): string {
    return `${this.prefix}::${key}`
  }
}

/** Lets a process read what it reads but once in a while: on memcached the generation, made where there is none. */
export async function acquaint({ cache, store, trace }: Opened): Promise<void> {
  // Enough for each server of a fleet to have some.
  await cache.getMany(Array.from({ length: 32 }, (_, index) => `another row ${index}`))
  store.calls.length = 0
  trace.events.length = 0
}

/** A world whose server is the backend's. */
export function worldOn(backend: Backend): ClaimWorld {
  return new ClaimWorld(clock => backend.openStore(clock) as RemoteStore)
}

/** A world whose server is in memory, and lives by the clock of its caches. */
export function memoryWorld(): { world: ClaimWorld; server: MemoryRemoteServer } {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  return { world: new ClaimWorld(() => server.store(), clock), server }
}

/** Keys of tokens: of tags, of what they are invalidated by, and of the namespaces of a store that can't list keys. */
const TOKEN = /:#(?:tag|epoch|gen):/

/**
 * What a store was asked to do, in order, for the keys of values and of claims.
 *
 * Tokens are left out: the ones that travel beside a value, and what it takes to make them.
 */
export function operations(store: FaultyStore): string[] {
  return store.calls.flatMap(({ op, keys }) => {
    const others = keys.filter(key => !TOKEN.test(key))
    if (others.length === keys.length) return [op]
    if (others.length === 0) return []
    return op === 'getMany' && others.length === 1 ? ['get'] : [op]
  })
}
