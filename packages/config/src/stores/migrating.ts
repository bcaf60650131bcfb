import type { Duration, MigrationPhase } from '@lookaside/core'
import { z } from 'zod'
import { duration, oneOf, type ShapeOf } from '../schema/expected.js'
import type { InnerStoreConfig } from './store-types.js'

/** A move from one remote store to another. */
export interface MigratingConfig {
  /** The new store. */
  readonly to: InnerStoreConfig
  /** The old store. */
  readonly from: InnerStoreConfig
  /** How far the move is: `'prepare'`, `'move'` or `'finish'`; each is rolled out to all processes before the next. @default 'move' */
  readonly phase?: MigrationPhase | undefined
  /** How long one operation waits for the store that its phase does not read first; at least 1 ms. @default '100ms' */
  readonly timeout?: Duration | undefined
  /** How long the new store keeps it in mind that the old one has not taken a delete; at least 1 ms. @default '1d' */
  readonly keepFor?: Duration | undefined
}

/** The stores within are checked by themselves. */
export const MIGRATING_SHAPE = {
  to: z.custom<InnerStoreConfig>().optional(),
  from: z.custom<InnerStoreConfig>().optional(),
  phase: oneOf('prepare', 'move', 'finish').optional(),
  timeout: duration(1).optional(),
  keepFor: duration(1).optional(),
} satisfies ShapeOf<Partial<MigratingConfig>>
