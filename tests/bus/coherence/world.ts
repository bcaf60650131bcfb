import { type Cache, type CacheOptions, createCache, type LocalStore, memoryBus } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import {
  type BusFaults,
  type FaultyMessageBus,
  faultyBus,
  ManualClock,
  memoryRemoteServer,
} from '@lookaside/testing'
import { Knowledge } from './oracle.js'
import { PROCESSES } from './programs.js'
import { type Told, tappedChanges, tappedMessages, withoutGaps } from './tapped-bus.js'

/** A process of the simulation. */
export interface Process {
  readonly cache: Cache
  readonly knowledge: Knowledge
  readonly told: Told
  readonly faults: BusFaults & Partial<Pick<FaultyMessageBus, 'refuse'>>
  /** Whether what arrives is being held back. */
  held: boolean
}

/** How the processes of a simulation are connected, and what is wrong with them. */
export interface Connections {
  readonly bus: 'messages' | 'changes'
  readonly options?: Partial<CacheOptions>
  /** Has the members of the bus not notice what they miss. */
  readonly ignoringGaps?: boolean
  /** Has the local tier keep its copies when it is to be dropped. */
  readonly keepingCopies?: boolean
}

export interface World {
  readonly clock: ManualClock
  readonly processes: Process[]
  /** Starts another process. */
  start(): Process
}

export async function openWorld(connections: Connections): Promise<World> {
  const { bus: kind, options = {}, ignoringGaps = false, keepingCopies = false } = connections
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const shared = { ...memoryBus(), close: async () => {} }
  const maxStaleness = (options.maxLocalStaleness ?? Number.POSITIVE_INFINITY) as number

  function connect(knowledge: Knowledge, told: Told) {
    if (kind === 'changes') {
      const faults = faultyBus(server.changeBus())
      return { faults, bus: tappedChanges(faults, knowledge) }
    }
    const faults = faultyBus(shared)
    const bus = tappedMessages(faults, knowledge, told)
    return { faults, bus: ignoringGaps ? withoutGaps(bus) : bus }
  }

  function start(): Process {
    const knowledge = new Knowledge(clock, maxStaleness)
    const told: Told = { source: undefined, number: 0 }
    const { faults, bus } = connect(knowledge, told)
    const local = keepingCopies ? stubborn(lruStore()) : lruStore()
    const cache = createCache({
      ttl: '1d',
      grace: '1d',
      hardTimeout: '1d',
      ...options,
      store: [local, server.store()],
      bus,
      clock,
    })
    return { cache, knowledge, told, faults, held: false }
  }

  const processes = Array.from({ length: PROCESSES }, start)
  await clock.advance(0)
  return { clock, processes, start }
}

function stubborn(store: LocalStore): LocalStore {
  return { ...store, clear() {} }
}
