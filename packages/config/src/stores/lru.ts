import type { LocalStore } from '@lookaside/core'
import { fromCode, integer, type ShapeOf } from '../schema/expected.js'
import { adapter } from './adapter.js'
import { given } from './given.js'

/** A store in this process, on lru-cache; needs the package `@lookaside/lru`. */
export interface LruConfig {
  /** How many entries are kept; one more drops the one that was used longest ago. From 1 to 2^24. @default 10000 */
  readonly maxEntries?: number | undefined
  /** The most that the sizes of all entries may add up to, in the unit of `sizeOf`, which it needs. @default none */
  readonly maxSize?: number | undefined
  /** Measures a value in a unit of your choice; only a program can give it. @default none */
  readonly sizeOf?: ((value: unknown, key: string) => number) | undefined
}

/** The most entries that a `Map` of JavaScript holds. */
const MAX_ENTRIES = 2 ** 24

export const LRU_SHAPE = {
  maxEntries: integer(1, MAX_ENTRIES).optional(),
  maxSize: integer(1).optional(),
  sizeOf: fromCode<(value: unknown, key: string) => number>(
    'a function of a value and its key',
    value => typeof value === 'function',
  ).optional(),
} satisfies ShapeOf<LruConfig>

export async function openLru(config: LruConfig): Promise<LocalStore> {
  const { lruStore } = await adapter('@lookaside/lru', () => import('@lookaside/lru'))
  return lruStore(given(config))
}
