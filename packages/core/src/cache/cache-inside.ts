import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import type { KeySpace } from '../keys/key.js'
import type { Share } from '../values/sharing.js'
import type { Settings } from './settings.js'

/** What a view of a cache is made of, for functions over a cache that its methods are not enough for. */
export interface CacheInside {
  readonly engine: Engine
  readonly space: KeySpace
  readonly settings: Settings
  readonly share: Share | undefined
}

const insides = new WeakMap<object, CacheInside>()

/** Lets functions over a cache look inside it. */
export function openInside(cache: object, inside: CacheInside): void {
  insides.set(cache, inside)
}

/** @throws CacheError `ERR_CACHE_OPTION` for anything but a cache of this very package. */
export function insideOf(cache: unknown, what: string): CacheInside {
  const inside = typeof cache === 'object' && cache !== null ? insides.get(cache) : undefined
  if (inside !== undefined) return inside
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} takes a cache that createCache made, or a namespace of one; received ${quote(cache)}. A second copy of @lookaside/core in the program makes caches that this one does not know`,
  )
}
