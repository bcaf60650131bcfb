import { LRU_SHAPE } from '../stores/lru.js'
import { MEMCACHED_SHAPE } from '../stores/memcached.js'
import { MIGRATING_SHAPE } from '../stores/migrating.js'
import { NONE_SHAPE } from '../stores/none.js'
import { REDIS_SHAPE } from '../stores/redis.js'
import { TIERED_SHAPE } from '../stores/tiered.js'

/** What each type takes, checked one by one. */
export const STORE_SHAPES = {
  lru: LRU_SHAPE,
  redis: REDIS_SHAPE,
  memcached: MEMCACHED_SHAPE,
  tiered: TIERED_SHAPE,
  migrating: MIGRATING_SHAPE,
  none: NONE_SHAPE,
} as const

/** The types that need no package of a third party. */
export type StoreType = keyof typeof STORE_SHAPES

export const STORE_TYPES = Object.keys(STORE_SHAPES) as StoreType[]

/** Types as a message lists them. */
export function listed(types: readonly StoreType[]): string {
  return types.map(name => `'${name}'`).join(', ')
}
