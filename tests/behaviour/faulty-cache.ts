import type { CacheOptions, RemoteStore } from '@lookaside/core'
import { type FaultyStore, faultyStore, ManualClock } from '@lookaside/testing'
import { type Backend, memory } from '../backends.js'
import { type ObservedCache, observedCache } from './observed-cache.js'

/** A cache over a store with faults to switch on, which cost the time of its clock. */
export function faultyCache(
  options: Partial<CacheOptions> = {},
  backend: Backend = memory,
): ObservedCache & { readonly store: FaultyStore } {
  const clock = new ManualClock()
  const store = faultyStore(backend.openStore(clock) as RemoteStore, { clock })
  return { ...observedCache(backend, { storeTimeout: 200, ...options, store, clock }), store }
}
