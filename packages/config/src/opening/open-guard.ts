import type { Guard } from '@lookaside/core'
import { type StampedeGuardOptions, stampedeGuard } from '@lookaside/stampede-guard'
import type { CacheSettings } from '../schema/cache-settings.js'

/** The guard that settings ask for, all of `stampedeGuard()` where they don't say; `undefined` for none. */
export function guardOf(guard: CacheSettings['guard']): Guard | undefined {
  if (guard === false) return undefined
  if (guard === undefined) return stampedeGuard()
  return isMade(guard) ? guard : stampedeGuard(guard)
}

/**
 * The same guard where nothing is cached: it knows the same options of calls and keeps its limits, but no caller shares
 * a load, and none is refused one for the failure of another.
 */
export function unsharedGuardOf(guard: CacheSettings['guard']): Guard | undefined {
  const parts =
    guard === undefined || guard === false || isMade(guard) ? guard : { ...guard, backOff: false as const }
  const made = guardOf(parts ?? { backOff: false })
  return made && { ...made, joins: false }
}

/** Whether a program has made it; what is neither a guard nor parts of one is left to `createCache` to refuse. */
function isMade(guard: Guard | StampedeGuardOptions): guard is Guard {
  return typeof guard !== 'object' || guard === null || 'run' in guard
}
