import { Background } from './background.js'
import type { BreakerOptions } from './breaker.js'
import type { Cache } from './cache.js'
import { CacheView } from './cache-view.js'
import { type Clock, systemClock } from './clock.js'
import { type Duration, type Milliseconds, parseDuration } from './duration.js'
import type { Engine } from './engine.js'
import { CacheError, quote } from './errors.js'
import { Events } from './events.js'
import { Flights } from './flights.js'
import type { Guard } from './guard.js'
import { rootSpace } from './key.js'
import { localTier } from './local-tier.js'
import { checkOptions } from './options.js'
import { remoteTier } from './remote-tier.js'
import {
  DEFAULT_SETTINGS,
  extendSettings,
  NAMESPACE_OPTION_NAMES,
  type NamespaceOptions,
} from './settings.js'
import { type CloneMode, shareBy } from './sharing.js'
import { Counters } from './stats.js'
import type { CacheStore, RemoteStore } from './store.js'
import { type StoreCallSettings, StoreCalls } from './store-calls.js'

/** Everything `createCache` takes. */
export interface CacheOptions extends NamespaceOptions {
  /** Where the values are: `lruStore(…)`, `redisStore(…)`, `memcachedStore(…)`, or a store of your own. */
  readonly store: CacheStore
  /** Who loads and who waits. @default every caller claims, loads and commits for itself */
  readonly guard?: Guard | undefined
  /** What every key begins with: `[A-Za-z0-9_.-]`, or nothing for keys that other programs share. @default 'lookaside' */
  readonly prefix?: string | undefined
  /** Who may change a cached value. @default shared by reference, nobody may */
  readonly clone?: CloneMode | undefined
  /** How long a claim holds unless renewed, at least 1 ms: what a crashed loader can cost the others. @default '5s' */
  readonly claimTtl?: Duration | undefined
  /** How long one call to a remote store may take, at least 1 ms. @default '200ms' */
  readonly storeTimeout?: Duration | undefined
  /** When a remote store counts as down and is spared; `false` for never. @default { failures: 5, probeEvery: 500 } */
  readonly breaker?: BreakerOptions | false | undefined
  /** Where time and chance come from. @default the machine's */
  readonly clock?: Clock | undefined
}

const OWN_NAMES = ['store', 'guard', 'prefix', 'clone', 'claimTtl', 'storeTimeout', 'breaker', 'clock']

/** Every name that `createCache` takes. */
export const CACHE_OPTION_NAMES: readonly string[] = [...OWN_NAMES, ...NAMESPACE_OPTION_NAMES]

const DEFAULT_PREFIX = 'lookaside'
const DEFAULT_CLAIM_TTL: Milliseconds = 5_000
const DEFAULT_STORE_TIMEOUT: Milliseconds = 200
const DEFAULT_BREAKER = { failures: 5, probeEvery: 500 }
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
export function createCache(options: CacheOptions): Cache {
  checkOptions('createCache', options ?? {}, CACHE_OPTION_NAMES)
  const { store, prefix = DEFAULT_PREFIX, clock = systemClock, clone, guard } = options ?? {}
  checkStore(store)
  const space = rootSpace(checkPrefix(prefix))
  const settings = extendSettings('createCache', DEFAULT_SETTINGS, namespaceOptions(options))
  const share = shareBy(clone)
  const events = new Events()
  const counters = new Counters()
  const background = new Background(events)
  const claimTtl = positive('claimTtl', options.claimTtl, DEFAULT_CLAIM_TTL)
  const storeCalls = storeCallSettings(options)
  checkGuard(guard)
  const shared = shareStore(store, prefix)
  const tier =
    store.kind === 'local'
      ? localTier(store, clock, events, share)
      : remoteTier(new StoreCalls(store, clock, storeCalls, events, counters), clock, events)
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
  return new CacheView<unknown>(engine, space, settings, share, () => {
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
    await workUnderWay(storeCalls.timeout)
    shared.users--
    if (shared.users === 0 && store.kind === 'remote') await (store as RemoteStore).close()
  }

  /** Waits for all flights, and then for what they have left to the background, but no longer than `limit`. */
  async function workUnderWay(limit: Milliseconds): Promise<void> {
    const done = new AbortController()
    const late = clock.sleep(limit, done.signal).catch(() => {})
    const flights = Promise.allSettled([...engine.running].map(flight => flight.outcome))
    await Promise.race([flights.then(() => background.settled()), late])
    done.abort()
  }
}

function checkStore(store: unknown): asserts store is CacheStore {
  const kind = (store as Partial<CacheStore> | undefined | null)?.kind
  if (kind === 'local' || kind === 'remote') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received ${quote(store)}`,
  )
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix === 'string') return prefix
  throw new CacheError('ERR_CACHE_OPTION', `prefix must be a string; received ${quote(prefix)}`)
}

function checkGuard(guard: Guard | undefined): void {
  if (guard === undefined || typeof guard?.run === 'function') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `guard must be a guard with a name and run(); received ${quote(guard)}`,
  )
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

function namespaceOptions(options: CacheOptions): NamespaceOptions {
  return Object.fromEntries(NAMESPACE_OPTION_NAMES.map(name => [name, options[name]])) as NamespaceOptions
}

function storeCallSettings(options: CacheOptions): StoreCallSettings {
  const { breaker } = options
  if (breaker !== false) checkOptions('breaker', breaker, ['failures', 'probeEvery'])
  const asked = breaker === false ? { failures: Number.POSITIVE_INFINITY } : breaker
  const failures = asked?.failures ?? DEFAULT_BREAKER.failures
  if (typeof failures !== 'number' || !(failures >= 1)) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `failures of breaker must be a number from 1; received ${quote(failures)}`,
    )
  }
  return {
    timeout: positive('storeTimeout', options.storeTimeout, DEFAULT_STORE_TIMEOUT),
    breakerFailures: failures,
    breakerProbeEvery: positive('probeEvery of breaker', asked?.probeEvery, DEFAULT_BREAKER.probeEvery),
  }
}

function positive(what: string, duration: Duration | undefined, fallback: Milliseconds): Milliseconds {
  if (duration === undefined) return fallback
  const ms = parseDuration(duration, what)
  if (ms > 0) return ms
  throw new CacheError('ERR_CACHE_OPTION', `${what} must be at least 1 ms; received ${quote(duration)}`)
}
