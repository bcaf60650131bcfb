import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import type { KeySpace } from '../keys/key.js'
import type { Share } from '../values/sharing.js'
import type { Settings } from './settings.js'

/** What a view of a cache is made of, for functions over a cache that its methods are not enough for. */
export interface CacheInternals {
  readonly engine: Engine
  readonly space: KeySpace
  readonly settings: Settings
  readonly share: Share | undefined
}

const known = new WeakMap<object, CacheInternals>()

/** Lets functions over a cache at its internals. */
export function openInternals(cache: object, internals: CacheInternals): void {
  known.set(cache, internals)
}

/** @throws CacheError `ERR_CACHE_OPTION` for anything but a cache of this very package. */
export function internalsOf(cache: unknown, what: string): CacheInternals {
  const internals = typeof cache === 'object' && cache !== null ? known.get(cache) : undefined
  if (internals !== undefined) return internals
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} takes a cache that createCache made, or a namespace of one; received ${quote(cache)}. A second copy of @lookaside/core in the program makes caches that this one does not know`,
  )
}
