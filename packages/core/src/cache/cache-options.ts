import type { WaitUntil } from '../background.js'
import type { InvalidationBus } from '../bus/bus.js'
import { type Clock, systemClock } from '../clock.js'
import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { type KeySpace, rootSpace } from '../keys/key.js'
import type { Guard } from '../loading/guard.js'
import { guardValues } from '../loading/guard-options.js'
import { checkOptions } from '../options/options.js'
import type { BreakerOptions } from '../tiers/breaker.js'
import type { CacheStore, LocalStore, RemoteStore } from '../tiers/store.js'
import type { StoreCallSettings } from '../tiers/store-calls.js'
import { type CloneMode, type Share, shareBy } from '../values/sharing.js'
import { checkWaitUntil, GET_OR_SET_NAMES, SET_NAMES } from './call-checks.js'
import { type ConfiguredNamespaces, checkNamespaces } from './configured-namespaces.js'
import {
  DEFAULT_SETTINGS,
  extendSettings,
  NAMESPACE_OPTION_NAMES,
  type NamespaceOptions,
  type Settings,
} from './settings.js'

/** Everything `createCache` takes. */
export interface CacheOptions extends NamespaceOptions {
  /**
   * Where the values are: `lruStore(…)`, `redisStore(…)`, `memcachedStore(…)`, or a store of your own; or a local
   * store and the remote one that it stands before, as in `[lruStore(…), redisStore(…)]`.
   */
  readonly store: CacheStore | readonly [local: LocalStore, remote: RemoteStore]
  /**
   * How copies in local tiers learn of other processes' invalidations. A cache without a local tier tells the others
   * too. @default not at all: copies are trusted for `maxLocalStaleness`
   */
  readonly bus?: InvalidationBus | undefined
  /** How long a copy in the local tier may be served that nobody can call back; counted from when it was asked for. @default '30s' without a bus; with one, as long as the value is fresh */
  readonly maxLocalStaleness?: Duration | undefined
  /** What an invalidation does that the store did not take, besides being sent again: resolve to `false` or reject with `ERR_CACHE_UNDELIVERED`. @default 'queue' */
  readonly onUndelivered?: 'queue' | 'reject' | undefined
  /** Who loads and who waits. @default every caller claims, loads and commits for itself */
  readonly guard?: Guard | undefined
  /** What namespaces are set to, by name: over the defaults that `namespace(name, defaults)` gives in code. @default nothing */
  readonly namespaces?: ConfiguredNamespaces | undefined
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
  /** Told of all work that no caller waits for, where a response freezes the process; what it is given never rejects. @default nobody is told */
  readonly waitUntil?: WaitUntil | undefined
  /** Where time and chance come from. @default the machine's */
  readonly clock?: Clock | undefined
}

const OWN_NAMES = [
  'store',
  'guard',
  'namespaces',
  'prefix',
  'clone',
  'claimTtl',
  'storeTimeout',
  'breaker',
  'bus',
  'maxLocalStaleness',
  'onUndelivered',
  'waitUntil',
  'clock',
]

/** Every name that `createCache` takes; its guard may add more. */
export const CACHE_OPTION_NAMES: readonly string[] = [...OWN_NAMES, ...NAMESPACE_OPTION_NAMES]

const DEFAULT_PREFIX = 'lookaside'
const DEFAULT_CLAIM_TTL: Milliseconds = 5_000
const DEFAULT_STORE_TIMEOUT: Milliseconds = 200
const DEFAULT_LOCAL_STALENESS: Milliseconds = 30_000
const DEFAULT_BREAKER = { failures: 5, probeEvery: 500 }

/** The options of a cache, checked. */
export interface CacheSettings {
  readonly store: CacheStore
  /** The store that stands before it. */
  readonly local: LocalStore | undefined
  readonly bus: InvalidationBus | undefined
  readonly maxLocalStaleness: Milliseconds
  readonly rejectsUndelivered: boolean
  readonly guard: Guard | undefined
  readonly prefix: string
  readonly space: KeySpace
  readonly values: Settings
  readonly namespaces: ConfiguredNamespaces | undefined
  readonly share: Share | undefined
  readonly waitUntil: WaitUntil | undefined
  readonly clock: Clock
  readonly claimTtl: Milliseconds
  readonly storeCalls: StoreCallSettings
}

/** @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_DURATION` or `ERR_CACHE_NAMESPACE` */
export function checkCacheOptions(options: CacheOptions): CacheSettings {
  const { guard, prefix = DEFAULT_PREFIX, clone, waitUntil, clock = systemClock } = options ?? {}
  checkMethods('guard', guard, ['run'])
  const guardOptions = guardValues(guard?.options, [
    ...CACHE_OPTION_NAMES,
    ...GET_OR_SET_NAMES,
    ...SET_NAMES,
    'key',
  ])
  checkOptions('createCache', options ?? {}, [...CACHE_OPTION_NAMES, ...guardOptions.names])
  const { store, local } = checkTiers(options?.store)
  checkBus(options.bus, store)
  checkUndelivered(options.onUndelivered)
  checkWaitUntil(waitUntil)
  checkMethods('clock', clock, ['now', 'monotonic', 'timer', 'sleep', 'random'])
  const space = rootSpace(checkPrefix(prefix))
  const values = extendSettings(
    'createCache',
    { ...DEFAULT_SETTINGS, guard: guardOptions },
    namespaceOptions(options, guardOptions.names),
  )
  checkNamespaces(space, values, options.namespaces)
  return {
    store,
    local,
    bus: options.bus,
    maxLocalStaleness: localStaleness(options, local),
    rejectsUndelivered: options.onUndelivered === 'reject',
    guard,
    prefix,
    space,
    values,
    namespaces: options.namespaces,
    share: shareBy(clone),
    waitUntil,
    clock,
    claimTtl: positive('claimTtl', options.claimTtl, DEFAULT_CLAIM_TTL),
    storeCalls: storeCallSettings(options),
  }
}

const STORE_METHODS = {
  local: ['get', 'set', 'delete', 'clear'],
  remote: ['get', 'getMany', 'set', 'add', 'replace', 'delete', 'deleteMany', 'increment', 'ping', 'close'],
}

/** The store that decides, and the local one before it, where there are two. */
function checkTiers(given: unknown): { readonly store: CacheStore; readonly local: LocalStore | undefined } {
  if (!Array.isArray(given)) {
    checkStore(given)
    return { store: given, local: undefined }
  }
  const [local, store] = given as unknown[]
  if (given.length === 2) {
    checkStore(local)
    checkStore(store)
    if (local.kind === 'local' && store.kind === 'remote') return { store, local }
  }
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `store as tiers must be a local store and a remote one, such as [lruStore({ maxEntries: 10_000 }), redisStore('redis://localhost:6379')]; received ${kindsOf(given)}`,
  )
}

function kindsOf(stores: readonly unknown[]): string {
  const kinds = stores.map(store => (store as Partial<CacheStore> | null)?.kind ?? quote(store))
  return `[${kinds.join(', ')}]`
}

function checkBus(bus: unknown, store: CacheStore): void {
  if (bus === undefined) return
  const kind = (bus as Partial<InvalidationBus> | null)?.kind
  if (kind !== 'messages' && kind !== 'changes') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `bus must be a bus, such as redisBus('redis://localhost:6379') or memoryBus(); received ${quote(bus)}`,
    )
  }
  checkMethods('bus', bus, kind === 'messages' ? ['listen', 'publish', 'close'] : ['listen', 'close'])
  if (store.kind === 'remote') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    'bus is for caches over a remote store: it tells their local tiers what other processes invalidate. Give store as [lruStore(…), redisStore(…)], or leave the bus out',
  )
}

function checkUndelivered(given: unknown): void {
  if (given === undefined || given === 'queue' || given === 'reject') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `onUndelivered must be 'queue' or 'reject'; received ${quote(given)}`,
  )
}

/** Where others can call a copy back it may live as long as its value is fresh. */
function localStaleness(
  { maxLocalStaleness, bus }: CacheOptions,
  local: LocalStore | undefined,
): Milliseconds {
  if (maxLocalStaleness !== undefined && local === undefined) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      'maxLocalStaleness is for caches with a local tier. Give store as [lruStore(…), redisStore(…)], or leave it out',
    )
  }
  const fallback = bus === undefined ? DEFAULT_LOCAL_STALENESS : Number.POSITIVE_INFINITY
  return positive('maxLocalStaleness', maxLocalStaleness, fallback)
}

function checkStore(store: unknown): asserts store is CacheStore {
  const kind = (store as Partial<CacheStore> | undefined | null)?.kind
  if (kind !== 'local' && kind !== 'remote') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received ${quote(store)}`,
    )
  }
  checkMethods('store', store, STORE_METHODS[kind])
}

function checkMethods(what: string, value: unknown, names: readonly string[]): void {
  if (value === undefined) return
  const missing = names.filter(
    name => typeof (value as Record<string, unknown> | null)?.[name] !== 'function',
  )
  if (missing.length === 0) return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} must have the method${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; received ${quote(value)}`,
  )
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix === 'string') return prefix
  throw new CacheError('ERR_CACHE_OPTION', `prefix must be a string; received ${quote(prefix)}`)
}

function namespaceOptions(options: CacheOptions, guardNames: readonly string[]): NamespaceOptions {
  const given = options as unknown as Record<string, unknown>
  const names = [...NAMESPACE_OPTION_NAMES, ...guardNames]
  return Object.fromEntries(names.map(name => [name, given[name]])) as NamespaceOptions
}

function storeCallSettings(options: CacheOptions): StoreCallSettings {
  const { breaker } = options
  if (breaker !== false) checkOptions('breaker', breaker, ['failures', 'probeEvery'], ', or is false')
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
