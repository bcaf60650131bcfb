import type { Guard } from '@lookaside/core'
import { type StampedeGuardOptions, stampedeGuard } from '@lookaside/stampede-guard'
import type { CacheSettings } from '../schema/cache-settings.js'

/** No guard: each caller claims, loads and commits for itself. */
const NOBODY: Guard = { name: 'none', run: (flight, next) => next(flight) }

/**
 * The guard that settings ask for, all of `stampedeGuard()` where they don't say.
 *
 * It knows the options of `stampedeGuard()` even where it does nothing with them: what a program gives to its calls must
 * not turn into an error because somebody leaves a part out.
 */
export function guardOf(guard: CacheSettings['guard']): Guard {
  if (guard === false) return knowing(NOBODY)
  if (guard === undefined) return stampedeGuard()
  return knowing(isMade(guard) ? guard : stampedeGuard(guard))
}

/**
 * The same guard where nothing is cached: it keeps its limits, but no caller shares a load, and none is refused one for
 * the failure of another.
 */
export function unsharedGuardOf(guard: CacheSettings['guard'] = {}): Guard {
  const parts = guard === false || isMade(guard) ? guard : { ...guard, backOff: false as const }
  return { ...guardOf(parts), joins: false }
}

function knowing(guard: Guard): Guard {
  // What is none is left to `createCache` to refuse.
  if (typeof guard?.run !== 'function') return guard
  const { options: own = [] } = guard
  const names = own.map(({ name }) => name)
  const usual = stampedeGuard().options ?? []
  return { ...guard, options: [...own, ...usual.filter(({ name }) => !names.includes(name))] }
}

/** Whether a program has made it; what is neither a guard nor parts of one is not ours to judge. */
function isMade(guard: Guard | StampedeGuardOptions): guard is Guard {
  return typeof guard !== 'object' || guard === null || 'run' in guard
}
