import { Background } from './background.js'
import type { InvalidationBus } from './bus.js'
import { joinBus } from './bus-member.js'
import type { Cache } from './cache.js'
import { type CacheOptions, checkCacheOptions } from './cache-options.js'
import { CacheView } from './cache-view.js'
import type { Milliseconds } from './duration.js'
import type { Engine } from './engine.js'
import { CacheError, quote } from './errors.js'
import { Events } from './events.js'
import { Flights } from './flights.js'
import { InvalidationLog } from './invalidation-log.js'
import { LocalCopies, type LocalState } from './local-copies.js'
import { LocalTags } from './local-tags.js'
import { localTier } from './local-tier.js'
import { remoteTier } from './remote-tier.js'
import type { InferInput, InferOutput, StandardSchema } from './standard-schema.js'
import { Counters } from './stats.js'
import type { CacheStore, LocalStore } from './store.js'
import { StoreCalls } from './store-calls.js'
import type { Tier } from './tier.js'
import { tieredTier } from './tiered.js'
import { Undelivered } from './undelivered.js'

/** What a bus of changes is tried with, and how long the store keeps it. */
const PROBE = new Uint8Array(1)
const PROBE_TTL: Milliseconds = 10_000

const CLOSE_LIMIT: Milliseconds = 5_000

/** What several caches over one store share. */
interface SharedStore {
  readonly flights: Flights
  readonly undelivered: Undelivered
  readonly prefix: string
  users: number
}

/** What several caches with one local store share. */
interface SharedLocal extends LocalState {
  readonly prefix: string
  /** The store that it stands before; itself where it is the only one. */
  readonly before: CacheStore
}

const sharedStores = new WeakMap<CacheStore, SharedStore>()
const sharedLocals = new WeakMap<LocalStore, SharedLocal>()
const busUsers = new WeakMap<InvalidationBus, number>()

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
  const { store, local, guard, clock, claimTtl, share, space, bus } = settings
  const events = new Events()
  const counters = new Counters()
  const background = new Background(events, settings.waitUntil)
  const shared = shareStore(store, settings.prefix)
  const { flights, undelivered } = shared
  undelivered.outlive(settings.values.ttl + settings.values.grace)
  const calls =
    store.kind === 'remote' ? new StoreCalls(store, clock, settings.storeCalls, events, counters) : undefined
  // The store that answers without waiting.
  const near = store.kind === 'local' ? store : local
  const state = near && shareLocal(near, store, settings.prefix)
  const copies = local && state && localCopies(local, state)
  const member =
    bus !== undefined && copies !== undefined ? joinBus(bus, { ...busContext(), copies }) : undefined
  if (bus !== undefined) busUsers.set(bus, (busUsers.get(bus) ?? 0) + 1)
  const engine: Engine = {
    store,
    tier: makeTier(),
    root: space,
    copies,
    local: near && state && { store: near, tags: state.tags },
    bus: member,
    undelivered,
    rejectsUndelivered: settings.rejectsUndelivered,
    guard,
    flights,
    clock,
    events,
    counters,
    background,
    claimTtl,
    running: new Set(),
  }
  let closed: Promise<void> | undefined
  return new CacheView<unknown, unknown>(engine, space, settings.values, share, () => {
    closed ??= close()
    return closed
  })

  function makeTier(): Tier {
    if (calls === undefined || store.kind === 'local') {
      return localTier(near as LocalStore, state as LocalState, clock, events, share)
    }
    const remote = remoteTier(calls, { clock, events, background, undelivered })
    return copies === undefined ? remote : tieredTier(remote, copies)
  }

  function localCopies(before: LocalStore, state: LocalState): LocalCopies {
    const options = { root: space, maxStaleness: settings.maxLocalStaleness, keep: share }
    return new LocalCopies(before, state, clock, events, options, bus === undefined)
  }

  function busContext() {
    const { timeout } = settings.storeCalls
    return {
      root: space,
      clock,
      events,
      timeout,
      probe: async (at: string) => calls?.run('set', [at], s => s.set(at, PROBE, PROBE_TTL)),
      changed: (at: string) => flights.detach(at),
    }
  }

  async function close(): Promise<void> {
    await workUnderWay(CLOSE_LIMIT)
    for (const flight of engine.running) {
      flight.abort(
        new CacheError('ERR_CACHE_CLOSED', `the cache was closed while '${flight.key}' was loading`),
      )
    }
    // What was aborted gives up its claims, or others would wait for them to expire.
    await workUnderWay(settings.storeCalls.timeout)
    await undelivered.close(engine)
    await member?.leave()
    await leaveBus()
    shared.users--
    if (shared.users === 0) await calls?.close(CLOSE_LIMIT)
  }

  /** The last one to leave closes it; a bus that hangs is left alone. */
  async function leaveBus(): Promise<void> {
    if (bus === undefined) return
    const others = (busUsers.get(bus) ?? 1) - 1
    busUsers.set(bus, others)
    if (others > 0) return
    const done = new AbortController()
    const closing = bus
      .close()
      .catch(error => events.emit({ type: 'bus', bus: bus.name, state: 'down', cause: error }))
    await Promise.race([closing, clock.sleep(CLOSE_LIMIT, done.signal).catch(() => {})])
    done.abort()
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

/** What several caches with one local store share; it stands before one remote store, or is one of its own. */
function shareLocal(local: LocalStore, before: CacheStore, prefix: string): LocalState {
  const known = sharedLocals.get(local)
  if (known !== undefined && (known.before !== before || known.prefix !== prefix)) {
    const role = known.before === local ? 'alone' : `before ${known.before.name}`
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `the store ${local.name} is used ${role} already, by a cache with prefix ${quote(known.prefix)}; a local store has one role. Make another one`,
    )
  }
  const shared = known ?? { tags: new LocalTags(), log: new InvalidationLog(), prefix, before }
  sharedLocals.set(local, shared)
  return shared
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
  const shared = known ?? { flights: new Flights(), undelivered: new Undelivered(), prefix, users: 0 }
  sharedStores.set(store, shared)
  shared.users++
  return shared
}
