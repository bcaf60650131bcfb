import { Background } from '../background.js'
import { joinBus } from '../bus/bus-member.js'
import { Told } from '../bus/told.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError } from '../errors.js'
import { Events } from '../events.js'
import { Counters } from '../stats.js'
import { LocalCopies, type LocalState } from '../tiers/local-copies.js'
import { localTier } from '../tiers/local-tier.js'
import { remoteTier } from '../tiers/remote-tier.js'
import type { LocalStore } from '../tiers/store.js'
import { StoreCalls } from '../tiers/store-calls.js'
import type { Tier } from '../tiers/tier.js'
import { tieredTier } from '../tiers/tiered.js'
import type { InferInput, InferOutput, StandardSchema } from '../values/standard-schema.js'
import type { Cache } from './cache.js'
import { type CacheOptions, checkCacheOptions } from './cache-options.js'
import { CacheView } from './cache-view.js'
import { countUser, shareLocal, shareStore } from './shared-stores.js'

/** What a bus of changes is tried with, and how long the store keeps it. */
const PROBE = new Uint8Array(1)
const PROBE_TTL: Milliseconds = 10_000

const CLOSE_LIMIT: Milliseconds = 5_000

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
  const { flights, turns, undelivered } = shared
  undelivered.outlive(settings.values.ttl + settings.values.grace)
  const calls =
    store.kind === 'remote' ? new StoreCalls(store, clock, settings.storeCalls, events, counters) : undefined
  // The store that answers without waiting.
  const near = store.kind === 'local' ? store : local
  const state = near && shareLocal(near, store, settings.prefix)
  const copies = local && state && localCopies(local, state)
  const member = bus && joinBus(bus, { ...busContext(), copies })
  if (copies !== undefined) shared.copies.add(copies)
  // Nothing throws from here on.
  const user = countUser(shared, bus)
  const engine: Engine = {
    store,
    tier: makeTier(),
    root: space,
    copies,
    local: near && state && { store: near, tags: state.tags },
    told: new Told(shared.copies, copies, member),
    undelivered,
    rejectsUndelivered: settings.rejectsUndelivered,
    guard,
    flights,
    turns,
    clock,
    events,
    counters,
    background,
    claimTtl,
    closing: new Set(),
    running: new Set(),
  }
  let closed: Promise<void> | undefined
  return new CacheView<unknown, unknown>(engine, space, settings.values, settings.namespaces, share, () => {
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
    await Promise.all([...engine.closing].map(finish => finish()))
    await workUnderWay(CLOSE_LIMIT)
    for (const flight of engine.running) {
      flight.abort(
        new CacheError('ERR_CACHE_CLOSED', `the cache was closed while '${flight.key}' was loading`),
      )
    }
    // What was aborted gives up its claims, or others would wait for them to expire.
    await workUnderWay(settings.storeCalls.timeout)
    const last = user.wasLastOfStore()
    await undelivered.close(engine, last)
    await member?.leave()
    await leaveBus()
    if (copies !== undefined) shared.copies.delete(copies)
    if (last) await calls?.close(CLOSE_LIMIT)
  }

  /** The last one to leave closes it; a bus that hangs is left alone. */
  async function leaveBus(): Promise<void> {
    if (bus === undefined || !user.wasLastOfBus()) return
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
