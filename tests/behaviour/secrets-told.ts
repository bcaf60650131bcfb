import { type CacheEvent, createCache, type InvalidationBus, type RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'

/** A cache over a store and a bus, and all that it tells. */
export interface Told {
  /** What an application has in hand: the store, the bus, the cache, one of its namespaces. */
  readonly objects: readonly unknown[]
  readonly events: readonly CacheEvent[]
  readonly outcomes: readonly PromiseSettledResult<unknown>[]
}

/** Makes every call that a server can refuse, before and after it is known to, and closes the store and the bus. */
export async function everythingTold(store: RemoteStore, bus?: InvalidationBus): Promise<Told> {
  const events: CacheEvent[] = []
  const cache = createCache({
    store: [lruStore(), store],
    ...(bus !== undefined && { bus }),
    storeTimeout: '1s',
    breaker: { failures: 5, probeEvery: 100 },
  })
  cache.on(event => events.push(event))
  const namespace = cache.namespace('tenant')
  const bytes = Buffer.from('bytes')
  const ttl = 1_000

  function callAll(): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled([
      store.ping(),
      store.get('a'),
      store.getMany(['a', 'b']),
      store.set('a', bytes, ttl),
      store.add('b', bytes, ttl),
      store.delete('a'),
      store.deleteMany(['a', 'b']),
      store.increment('n', 1n, { initial: 0n, ttl }),
      store.expire?.('a', Buffer.alloc(8)),
      store.clear?.('secrets:'),
      bus?.kind === 'messages' ? bus.publish('news', bytes) : undefined,
      cache.ready({ timeout: 200 }),
      cache.getOrSet('c', () => 'value', { tags: ['tag'] }),
      cache.getMany(['c', 'd']),
      cache.set('c', 'value'),
      cache.increment('n'),
      cache.deleteTags(['tag']),
      namespace.getOrSet('c', () => 'value'),
      namespace.delete('c'),
      namespace.clear(),
    ])
  }

  // Then the first attempt to connect is over.
  const outcomes = [...(await callAll()), ...(await callAll())]
  const objects = [store, bus, cache, namespace]
  await cache.close()
  await store.close()
  await bus?.close()
  return { objects, events, outcomes }
}
