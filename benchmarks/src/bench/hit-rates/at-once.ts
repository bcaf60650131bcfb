import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { LRUCache } from 'lru-cache'
import { keyOf } from '../../workload/keys.js'
import type { Requests } from '../../workload/trace-formats.js'

/** Hits when so many callers work a trace off together, and a load takes a turn of the event loop; in percent. */
export interface RatesAtOnce {
  readonly callers: number
  readonly maxEntries: number
  readonly own: number
  /** lru-cache, where whoever finds nothing waits for a load that is under way. */
  readonly lru: number
}

export async function replayAtOnce(
  requests: Requests,
  maxEntries: number,
  callers: number,
): Promise<RatesAtOnce> {
  const percent = (hits: number) => (100 * hits) / requests.ids.length
  return {
    callers,
    maxEntries,
    own: percent(await ownHits(requests, maxEntries, callers)),
    lru: percent(await lruHits(requests, maxEntries, callers)),
  }
}

async function ownHits(requests: Requests, maxEntries: number, callers: number): Promise<number> {
  const cache = createCache({ store: lruStore({ maxEntries }), guard: stampedeGuard(), ttl: '1h' })
  try {
    await workOff(requests, callers, key => cache.getOrSet(key, () => turnOfLoop(key)))
    return cache.stats().hits.local
  } finally {
    await cache.close()
  }
}

async function lruHits(requests: Requests, maxEntries: number, callers: number): Promise<number> {
  const lru = new LRUCache<string, string>({ max: maxEntries })
  const loads = new Map<string, Promise<void>>()
  let hits = 0
  async function load(key: string): Promise<void> {
    lru.set(key, await turnOfLoop(key))
    loads.delete(key)
  }
  await workOff(requests, callers, async key => {
    if (lru.get(key) !== undefined) {
      hits++
      return
    }
    const running = loads.get(key) ?? load(key)
    loads.set(key, running)
    await running
  })
  return hits
}

/** Each caller takes the next request when its last one has been answered. */
async function workOff(
  { ids }: Requests,
  callers: number,
  get: (key: string) => Promise<unknown>,
): Promise<void> {
  let next = 0
  async function caller(): Promise<void> {
    while (next < ids.length) await get(keyOf(ids[next++] as number))
  }
  await Promise.all(Array.from({ length: callers }, caller))
}
