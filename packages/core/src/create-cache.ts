import { Background } from './background.js'
import type { Cache } from './cache.js'
import { type CacheOptions, checkCacheOptions } from './cache-options.js'
import { CacheView } from './cache-view.js'
import type { Milliseconds } from './duration.js'
import type { Engine } from './engine.js'
import { CacheError, quote } from './errors.js'
import { Events } from './events.js'
import { Flights } from './flights.js'
import { localTier } from './local-tier.js'
import { remoteTier } from './remote-tier.js'
import type { InferInput, InferOutput, StandardSchema } from './standard-schema.js'
import { Counters } from './stats.js'
import type { CacheStore, LocalStore } from './store.js'
import { StoreCalls } from './store-calls.js'

const CLOSE_LIMIT: Milliseconds = 5_000

/** What several caches over one store share. */
interface SharedStore {
  readonly flights: Flights
  readonly prefix: string
  users: number
}

const sharedStores = new WeakMap<CacheStore, SharedStore>()

/**
 * Creates a cache over a store.
 *
 * Nothing is sent to the store before the first call; `ready()` waits for it. Several caches may share a remote
 * store; a local store belongs to one prefix.
 *
 * @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_DURATION` or `ERR_CACHE_NAMESPACE` for bad options.
 *
 * @example
 * const cache = createCache({ store: lruStore({ maxEntries: 10_000 }), ttl: '5m' })
 * const user = await cache.getOrSet('user:42', () => db.findUser(42))
 */
export function createCache<S extends StandardSchema>(
  options: CacheOptions & { readonly schema: S },
): Cache<InferOutput<S>, InferInput<S>>
export function createCache(options: CacheOptions): Cache
export function createCache(options: CacheOptions): Cache {
  const settings = checkCacheOptions(options)
  const { store, guard, clock, claimTtl, share } = settings
  const events = new Events()
  const counters = new Counters()
  const background = new Background(events, settings.waitUntil)
  const shared = shareStore(store, settings.prefix)
  const calls =
    store.kind === 'remote' ? new StoreCalls(store, clock, settings.storeCalls, events, counters) : undefined
  const tier =
    calls === undefined
      ? localTier(store as LocalStore, clock, events, share)
      : remoteTier(calls, clock, events)
  const engine: Engine = {
    store,
    tier,
    guard,
    flights: shared.flights,
    clock,
    events,
    counters,
    background,
    claimTtl,
    running: new Set(),
  }
  let closed: Promise<void> | undefined
  return new CacheView<unknown, unknown>(engine, settings.space, settings.values, share, () => {
    closed ??= close()
    return closed
  })

  async function close(): Promise<void> {
    await workUnderWay(CLOSE_LIMIT)
    for (const flight of engine.running) {
      flight.abort(
        new CacheError('ERR_CACHE_CLOSED', `the cache was closed while '${flight.key}' was loading`),
      )
    }
    // What was aborted gives up its claims, or others would wait for them to expire.
    await workUnderWay(settings.storeCalls.timeout)
    shared.users--
    if (shared.users === 0) await calls?.close(CLOSE_LIMIT)
  }

  /** Waits for all flights, and then for what they have left to the background, but no longer than `limit`. */
  async function workUnderWay(limit: Milliseconds): Promise<void> {
    const done = new AbortController()
    const late = clock.sleep(limit, done.signal).catch(() => {})
    const flights = Promise.all([...engine.running].map(flight => flight.ended))
    await Promise.race([flights.then(() => background.settled()), late])
    done.abort()
  }
}

/** What several caches over one store share; a local store holds one prefix, since its keys don't carry it. */
function shareStore(store: CacheStore, prefix: string): SharedStore {
  const known = sharedStores.get(store)
  if (known !== undefined && store.kind === 'local' && known.prefix !== prefix) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `the store ${store.name} already belongs to a cache with prefix ${quote(known.prefix)}; received prefix ${quote(prefix)}. Use a namespace, or a store of its own`,
    )
  }
  const shared = known ?? { flights: new Flights(), prefix, users: 0 }
  sharedStores.set(store, shared)
  shared.users++
  return shared
}
