import { CACHE_OPTION_NAMES, type CacheOptions, checkOptions, createCache, nullStore } from '@lookaside/core'
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
  // So that a config is not blamed for them. What needs its store is looked at with the store.
  createCache({
    ...defaults,
    guard: guardOf(defaults.guard),
    store: nullStore(),
    bus: undefined,
    maxLocalStaleness: undefined,
  })
}
