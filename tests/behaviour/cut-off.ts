import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
  type RemoteStore,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import {
  type EventTrace,
  eventTrace,
  type FaultyStore,
  faultyStore,
  ManualClock,
  type MemoryRemoteServer,
  type MemoryRemoteServerOptions,
  memoryRemoteServer,
} from '@lookaside/testing'
import { onTestFinished } from 'vitest'
import { newPrefix } from '../backends.js'

/** A server in memory with two caches on it, as of two processes; one of them can be cut off. */
export interface CutOff {
  /** The one whose `store` has the faults. */
  readonly cache: Cache
  readonly store: FaultyStore
  /** What `cache` tells. */
  readonly trace: EventTrace<CacheEvent>
  /** The other one. */
  readonly other: Cache
  readonly clock: ManualClock
  readonly server: MemoryRemoteServer
  /** Opens another cache on the same server, over a store of its own unless it is given one. */
  open(options?: CutOffOptions): Cache
}

export interface CutOffOptions extends Partial<Omit<CacheOptions, 'store'>> {
  readonly store?: RemoteStore
  /** Whether there is a local tier in front. */
  readonly local?: boolean
}

export function cutOff(options: CutOffOptions = {}, serverOptions: MemoryRemoteServerOptions = {}): CutOff {
  const clock = new ManualClock()
  const prefix = newPrefix()
  const server = memoryRemoteServer({ ...serverOptions, clock })
  function open({ local = false, store = server.store(), ...rest }: CutOffOptions = {}): Cache {
    const opened = createCache({
      prefix,
      clock,
      storeTimeout: 200,
      breaker: false,
      ...rest,
      store: local ? [lruStore(), store] : store,
    })
    // A store that still hangs is waited for, by a clock that somebody has to move.
    onTestFinished(async () => {
      const closed = opened.close()
      await clock.advance(20_000)
      await closed
    })
    return opened
  }
  const store = faultyStore(server.store(), { clock })
  const cache = open({ ...options, store })
  return { cache, store, trace: eventTrace(cache), other: open(), clock, server, open }
}

/** What has become of invalidations, `'queued delete key a'`, in order. */
export function fates(trace: EventTrace<CacheEvent>): string[] {
  return trace.events.flatMap(event => {
    if (!('target' in event)) return []
    const { type, kind, target, name } = event
    return `${type.slice('invalidation-'.length)} ${kind} ${target} ${name}`
  })
}
