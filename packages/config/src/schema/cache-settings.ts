import type { CacheOptions, CloneMode, ConfiguredNamespaces, Guard, InvalidationBus } from '@lookaside/core'
import type { StampedeGuardOptions } from '@lookaside/stampede-guard'
import { z } from 'zod'
import { BUS, type BusMode, type RedisBusConfig } from './bus-settings.js'
import { duration, either, flag, integer, object, oneOf, type ShapeOf } from './expected.js'
import { GUARD } from './guard-settings.js'
import { NAME_EXPECTED, NAMESPACES } from './namespaces.js'
import { VALUE_SHAPE } from './value-settings.js'

/** What can be set of a cache, whatever its store. */
export interface CacheSettings extends Omit<CacheOptions, 'store' | 'bus' | 'guard' | 'clock' | 'waitUntil'> {
  /** Whether values are kept at all; `false` turns caching off: every call loads. @default true */
  readonly enabled?: boolean | undefined
  /** How local tiers learn of other processes' invalidations. @default 'pubsub' for tiers before a Redis, else none */
  readonly bus?: BusMode | RedisBusConfig | InvalidationBus | false | undefined
  /** Who loads and who waits: parts of `stampedeGuard()`, each with its options or `false`; `false` for none at all. @default all of stampedeGuard() */
  readonly guard?: StampedeGuardOptions | Guard | false | undefined
}

const LONGEST_PREFIX = 100
const PREFIX_EXPECTED = `${NAME_EXPECTED}, at most ${LONGEST_PREFIX} long, or '' for keys that other programs share`
const CLONE = oneOf('structured', 'freeze') satisfies z.ZodType<CloneMode>

/** The checks of `CacheSettings`. */
export const CACHE_SHAPE = {
  enabled: flag().optional(),
  ...VALUE_SHAPE,
  namespaces: NAMESPACES.optional() as z.ZodType<ConfiguredNamespaces | undefined>,
  prefix: z
    .string({ error: PREFIX_EXPECTED })
    .regex(/^[\w.-]*$/, { error: PREFIX_EXPECTED })
    .max(LONGEST_PREFIX, { error: PREFIX_EXPECTED })
    .optional(),
  clone: CLONE.optional(),
  guard: GUARD.optional(),
  bus: BUS.optional(),
  maxLocalStaleness: duration(1).optional(),
  onUndelivered: oneOf('queue', 'reject').optional(),
  claimTtl: duration(1).optional(),
  storeTimeout: duration(1).optional(),
  breaker: either(
    'false or { failures, probeEvery }',
    z.literal(false),
    object({ failures: integer(1).optional(), probeEvery: duration(1).optional() }).meta({
      id: 'BreakerOptions',
    }),
  ).optional(),
} satisfies ShapeOf<CacheSettings>
