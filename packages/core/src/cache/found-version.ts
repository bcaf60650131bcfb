import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import type { Since } from '../tiers/local-copies.js'
import type { Slot } from '../tiers/slot.js'
import type { Address } from '../tiers/tier.js'
import type { EntryVersion } from './call-options.js'

/** The slot behind the opaque version that `lookup` gives out. */
export class FoundVersion implements EntryVersion {
  readonly key: string
  readonly #engine: Engine
  readonly #at: string
  readonly #slot: Slot
  readonly #since: Since | undefined

  constructor(engine: Engine, { key, at }: Address, slot: Slot, since: Since | undefined) {
    this.key = key
    this.#engine = engine
    this.#at = at
    this.#slot = slot
    this.#since = since
  }

  /** When it was looked for; `undefined` without a local tier. */
  lookedFor(): Since | undefined {
    return this.#since
  }

  /** What was found, for the very key of the very cache that it was found in. */
  slotOf(engine: Engine, { at }: Address): Slot | undefined {
    return engine === this.#engine && at === this.#at ? this.#slot : undefined
  }
}

/**
 * What a conditional write is to replace; `undefined` for a write without a condition.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for a version that is not of this key of this cache.
 */
export function slotToReplace(
  version: EntryVersion | undefined,
  engine: Engine,
  address: Address,
): Slot | undefined {
  if (version === undefined) return undefined
  const slot = version instanceof FoundVersion ? version.slotOf(engine, address) : undefined
  if (slot !== undefined) return slot
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `ifVersion must be the version that lookup(${quote(address.key)}) of the same cache returned; received ${quote(version)}`,
  )
}

/** When the value of a version was looked for; `undefined` without a local tier. */
export function lookedFor(version: EntryVersion | undefined): Since | undefined {
  return version instanceof FoundVersion ? version.lookedFor() : undefined
}
