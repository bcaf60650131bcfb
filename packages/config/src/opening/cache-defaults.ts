import { CACHE_OPTION_NAMES, type CacheOptions, checkOptions } from '@lookaside/core'
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

/** @throws CacheError `ERR_CACHE_OPTION` for what is no object, or has other names. */
export function checkDefaults(what: string, defaults: CacheDefaults, otherwise?: string): void {
  const { options: added = [] } = guardOf(defaults?.guard) ?? {}
  checkOptions(what, defaults, [...NAMES, ...added.map(({ name }) => name)], otherwise)
}
