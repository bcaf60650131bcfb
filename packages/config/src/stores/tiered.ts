import { z } from 'zod'
import type { ShapeOf } from '../schema/expected.js'
import type { InnerStoreConfig } from './store-types.js'

/** A local store before a remote one. */
export interface TieredConfig {
  /** The store in this process. @default { type: 'lru' } */
  readonly local?: InnerStoreConfig | undefined
  /** The store that all processes share. */
  readonly remote: InnerStoreConfig
}

/** The stores within are checked by themselves. */
export const TIERED_SHAPE = {
  local: z.custom<InnerStoreConfig | undefined>().optional(),
  remote: z.custom<InnerStoreConfig>().optional(),
} satisfies ShapeOf<Partial<TieredConfig>>
