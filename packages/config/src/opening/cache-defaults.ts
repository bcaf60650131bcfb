import {
  CACHE_OPTION_NAMES,
  CacheError,
  type CacheOptions,
  checkOptions,
  createCache,
  type InvalidationBus,
  type LocalStore,
  nullStore,
  quote,
} from '@lookaside/core'
import type { CacheSettings } from '../schema/cache-settings.js'
import { guardOf } from './open-guard.js'

/**
 * What a program sets itself: all that `createCache` takes, but the store.
 *
 * A config takes precedence over it.
 */
export interface CacheDefaults extends Omit<CacheOptions, 'store' | 'guard'> {
  /** Who loads and who waits: a guard, or parts of `stampedeGuard()`; `false` lets every caller load for itself. @default stampedeGuard() */
  readonly guard?: CacheSettings['guard']
}

const NAMES = CACHE_OPTION_NAMES.filter(name => name !== 'store')

/** @throws CacheError for what is no object, has other names, or values that `createCache` would refuse. */
export function checkDefaults(what: string, defaults: CacheDefaults, otherwise?: string): void {
  const { options: added = [] } = guardOf(defaults?.guard) ?? {}
  checkOptions(what, defaults, [...NAMES, ...added.map(({ name }) => name)], otherwise)
  const { bus, maxLocalStaleness } = defaults
  if (bus !== undefined && typeof (bus as Partial<InvalidationBus> | null)?.listen !== 'function') {
    throw new CacheError('ERR_CACHE_OPTION', `bus must be a bus, such as memoryBus(); received ${quote(bus)}`)
  }
  // So that a config is not blamed for them. A bus is not joined for that.
  const store: CacheOptions['store'] =
    maxLocalStaleness === undefined ? nullStore() : [{ ...NO_COPIES }, nullStore()]
  createCache({ ...defaults, guard: guardOf(defaults.guard), store, bus: undefined })
}

/** A local store that keeps nothing. */
const NO_COPIES: LocalStore = {
  kind: 'local',
  name: 'none',
  size: 0,
  get: () => undefined,
  set: () => {},
  delete: () => false,
  clear: () => {},
}
