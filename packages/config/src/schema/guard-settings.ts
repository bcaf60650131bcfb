import type { Guard } from '@lookaside/core'
import type { StampedeGuardOptions } from '@lookaside/stampede-guard'
import { z } from 'zod'
import { duration, either, fromCode, integer, number, object, oneOf, type ShapeOf } from './expected.js'

const HALF_AN_HOUR = 1_800_000

/** A part of the guard: its options, or `false` to leave it out. */
function part<Shape extends z.core.$ZodShape>(id: string, shape: Shape) {
  return either('false or an object', z.literal(false), object(shape).meta({ id })).optional()
}

const PARTS = {
  backOff: part('BackOffOptions', {
    initial: duration(1, HALF_AN_HOUR).optional(),
    max: duration(1, HALF_AN_HOUR).optional(),
  }),
  earlyRefresh: part('EarlyRefreshOptions', { beta: number(0).optional() }),
  staleWhileRevalidate: part('StaleWhileRevalidateOptions', { softTimeout: duration().optional() }),
  limitLoads: part('LimitLoadsOptions', {
    concurrency: integer(1),
    queue: integer(0).optional(),
    per: oneOf('cache', 'namespace').optional(),
  }),
  claimed: part('ClaimedOptions', {
    ttl: duration(1).optional(),
    wait: duration(1).optional(),
    poll: object({ min: duration(1).optional(), max: duration(1).optional() }).optional(),
  }),
} satisfies ShapeOf<StampedeGuardOptions>

/** Who loads and who waits: the parts of `stampedeGuard`, a guard that a program has made, or `false`. */
export const GUARD = either(
  'false, or an object with the parts of stampedeGuard()',
  z.literal(false),
  fromCode<Guard>('a guard', value => 'run' in value),
  object(PARTS).meta({ id: 'StampedeGuardOptions' }),
)
