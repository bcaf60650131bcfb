import {
  bypassStore,
  type Cache,
  type CacheStore,
  createCache,
  type Guard,
  type InvalidationBus,
  isCacheError,
  nullStore,
} from '@lookaside/core'
import type { CheckedCache } from '../checking/check-config.js'
import type { CheckedStore } from '../checking/checked-store.js'
import type { Findings } from '../checking/findings.js'
import type { CacheSettings } from '../schema/cache-settings.js'
import { overlaidNamespaces } from '../schema/namespaces.js'
import { given } from '../stores/given.js'
import type { CacheDefaults } from './cache-defaults.js'
import { storeIdentity } from './identity.js'
import { planBus } from './open-bus.js'
import { guardOf, unsharedGuardOf } from './open-guard.js'
import { MisplacedStore, type OpenedStore, openStore } from './open-store.js'

/**
 * Opens the caches of a config that was found to be in order; what their stores refuse all the same is added to its
 * findings. Whatever was opened is closed again where not all could be.
 *
 * @throws ConfigError
 */
export async function openCaches(
  caches: readonly CheckedCache[],
  defaults: CacheDefaults,
  findings: Findings,
): Promise<Map<string, Cache>> {
  const opening = new Opening(defaults)
  const opened = new Map<string, Cache>()
  try {
    for (const cache of caches) {
      try {
        opened.set(cache.name, await opening.cache(cache))
      } catch (error) {
        if (!isCacheError(error)) throw error
        findings.addForeign(error instanceof MisplacedStore ? error.path : cache.path, error.message)
      }
    }
    findings.throwAny()
    return opened
  } catch (error) {
    await Promise.allSettled([...opened.values()].map(cache => cache.close()))
    await opening.closeUnused()
    throw error
  }
}

/** What the caches of one config share while they are opened. */
class Opening {
  readonly #defaults: CacheDefaults
  readonly #stores = new Map<string, CacheStore>()
  readonly #buses = new Map<string, InvalidationBus>()
  readonly #guards = new Map<CacheSettings['guard'], Guard>()
  /** What no cache will close. */
  readonly #unused = new Set<{ close(): Promise<void> }>()

  constructor(defaults: CacheDefaults) {
    this.#defaults = defaults
  }

  async cache({ store, settings }: CheckedCache): Promise<Cache> {
    const { enabled = true, guard = this.#defaults.guard, bus = this.#defaults.bus, ...rest } = settings
    const namespaces = overlaidNamespaces(this.#defaults.namespaces, settings.namespaces)
    const options = { ...this.#defaults, ...given(rest), namespaces }
    const opened = enabled
      ? await openStore(store, (inner, open) => this.#shared(inner, open))
      : await this.#passedBy(store)
    const off = !enabled || store.type === 'none'
    const isRemote = 'kind' in opened ? opened.kind === 'remote' : true
    const told = isRemote ? await this.#bus(store, bus) : undefined
    const cache = createCache({
      ...options,
      maxLocalStaleness: 'kind' in opened ? undefined : options.maxLocalStaleness,
      guard: off ? unsharedGuardOf(guard) : this.#guard(guard),
      store: opened,
      bus: told,
    })
    // From here on the cache closes them.
    for (const used of [opened, told].flat())
      if (used !== undefined && 'close' in used) this.#unused.delete(used)
    return cache
  }

  async closeUnused(): Promise<void> {
    await Promise.allSettled([...this.#unused].map(opened => opened.close()))
  }

  /** What takes the place of a store whose cache is off: others may go on with it. */
  async #passedBy(store: CheckedStore): Promise<OpenedStore> {
    if (store.type === 'lru') return nullStore()
    if (store.type === 'tiered') return this.#passedBy(store.remote)
    return openStore(store, (inner, open) =>
      this.#shared(inner, async () => passedBy(await open()), 'passed by'),
    )
  }

  /** Opens a remote store for all that name it, whose last user closes it. */
  async #shared(store: CheckedStore, open: () => Promise<CacheStore>, how = ''): Promise<CacheStore> {
    const identity = storeIdentity(store)
    const name = identity && how + identity
    const known = name && this.#stores.get(name)
    if (known) return known
    const opened = await open()
    if (opened.kind === 'local') return opened
    this.#unused.add(opened)
    if (name) this.#stores.set(name, opened)
    return opened
  }

  async #bus(store: CheckedStore, wanted: CacheSettings['bus']): Promise<InvalidationBus | undefined> {
    const plan = store.type === 'none' ? undefined : planBus(store, wanted)
    if (plan === undefined || 'made' in plan) return plan?.made
    const known = plan.identity === undefined ? undefined : this.#buses.get(plan.identity)
    if (known !== undefined) return known
    const bus = await plan.open()
    this.#unused.add(bus)
    if (plan.identity !== undefined) this.#buses.set(plan.identity, bus)
    return bus
  }

  /** One guard for all that take over the same settings: its limits are common to them. */
  #guard(guard: CacheSettings['guard']): Guard {
    const made = this.#guards.get(guard) ?? guardOf(guard)
    this.#guards.set(guard, made)
    return made
  }
}

function passedBy(store: CacheStore): CacheStore {
  return store.kind === 'remote' ? bypassStore(store) : nullStore()
}
