import type { Milliseconds } from '../duration.js'
import type { Slot } from '../tiers/slot.js'
import type { Address } from '../tiers/tier.js'
import type { Tagged, Token } from './token.js'

/** What a call says of tags before its load begins. */
export interface TagPlan {
  /** Those it names. */
  readonly named: readonly string[]
  /** Whether there may be more, which the load will tell. */
  readonly computed: boolean
  /** Whether the value has a frame: what has none has no tags, and belongs to no generation. */
  readonly framed: boolean
  /** How long the value will probably be kept. */
  readonly lifetime: Milliseconds
}

/** The tokens of a load, as they were before it began. */
export interface TagsBefore {
  readonly address: Address
  readonly tokens: ReadonlyMap<string, Token>
  /** The generation of the namespace, where the store has them. */
  readonly generation: Token | undefined
}

/**
 * The tags of one load.
 *
 * - `overtaken`: a tag was invalidated while the load ran, and which ones it would have was not known before.
 * - `unknown`: there is no token from before the load; it is not to be stored.
 */
export type TagsAfter = readonly Tagged[] | 'overtaken' | 'unknown'

/** How a tier keeps tags: the token of each, read before a load begins and compared by every read. */
export interface TierTags {
  /** Reads what has to be known before the load, as far as `slot` has not brought it. */
  before(address: Address, plan: TagPlan, slot: Slot | undefined): TagsBefore | Promise<TagsBefore>
  /** The tags that a loaded value turns out to have. */
  after(before: TagsBefore, names: readonly string[], lifetime: Milliseconds): TagsAfter | Promise<TagsAfter>
  /** Whether none of these tags has been invalidated since. */
  areCurrent(address: Address, tagged: readonly Tagged[]): Promise<boolean>
  invalidate(kind: 'delete' | 'expire', address: TagAddress): Promise<void>
}

/** Tags of one namespace that are to be invalidated. */
export interface TagAddress {
  readonly space: Address['space']
  readonly names: readonly string[]
  readonly lifetime: Milliseconds
}
