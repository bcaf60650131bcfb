import type { InvalidationBus } from '../bus/bus.js'
import { CacheError, quote } from '../errors.js'
import { InvalidationLog } from '../invalidation/invalidation-log.js'
import { Undelivered } from '../invalidation/undelivered.js'
import { Flights } from '../loading/flights.js'
import { LocalTags } from '../tags/local-tags.js'
import type { LocalCopies, LocalState } from '../tiers/local-copies.js'
import type { CacheStore, LocalStore } from '../tiers/store.js'
import { Turns } from './turns.js'

/** What several caches over one store share. */
interface SharedStore {
  readonly flights: Flights
  readonly turns: Turns
  readonly undelivered: Undelivered
  /** The local tiers in front of it. */
  readonly copies: Set<LocalCopies>
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

/** What the caches over a store share; a local store holds one prefix, since its keys don't carry it. */
export function shareStore(store: CacheStore, prefix: string): SharedStore {
  const known = sharedStores.get(store)
  if (known !== undefined && store.kind === 'local' && known.prefix !== prefix) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `the store ${store.name} already belongs to a cache with prefix ${quote(known.prefix)}; received prefix ${quote(prefix)}. Use a namespace, or a store of its own`,
    )
  }
  const fresh = {
    flights: new Flights(),
    turns: new Turns(),
    undelivered: new Undelivered(),
    copies: new Set<LocalCopies>(),
  }
  const shared = known ?? { ...fresh, prefix, users: 0 }
  sharedStores.set(store, shared)
  return shared
}

/** What the caches with a local store share; it stands before one remote store, or is one of its own. */
export function shareLocal(local: LocalStore, before: CacheStore, prefix: string): LocalState {
  const known = sharedLocals.get(local)
  if (known !== undefined && (known.before !== before || known.prefix !== prefix)) {
    const role = known.before === local ? 'alone' : `before ${known.before.name}`
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `the store ${local.name} is used ${role} already, by a cache with prefix ${quote(known.prefix)}; a local store has one role. Make another one`,
    )
  }
  const fresh = { tags: new LocalTags(), log: new InvalidationLog(), digested: new Map(), markers: new Map() }
  const shared = known ?? { ...fresh, prefix, before }
  sharedLocals.set(local, shared)
  return shared
}

/** One more cache uses a store and perhaps a bus; the returned functions tell whether it was the last one to. */
export function countUser(store: SharedStore, bus: InvalidationBus | undefined) {
  store.users++
  if (bus !== undefined) busUsers.set(bus, (busUsers.get(bus) ?? 0) + 1)
  return {
    wasLastOfStore(): boolean {
      store.users--
      return store.users === 0
    },
    wasLastOfBus(): boolean {
      if (bus === undefined) return false
      const left = (busUsers.get(bus) ?? 1) - 1
      busUsers.set(bus, left)
      return left === 0
    },
  }
}
