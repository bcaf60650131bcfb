import type { Duration, InvalidationBus } from '@lookaside/core'
import { z } from 'zod'
import { REDIS_SERVER_SHAPE, type RedisServerConfig } from '../stores/redis.js'
import { duration, either, fromCode, LONGEST_TIMER, object, oneOf, type ShapeOf } from './expected.js'

/** How a bus learns of changes: the caches tell each other, or the server tells of every key that changes. */
export type BusMode = 'pubsub' | 'tracking'

/** A bus on Redis; needs the package `@lookaside/redis`. Without an address it is the Redis of the store. */
export interface RedisBusConfig extends RedisServerConfig {
  /** `'pubsub'` for every Redis, `'tracking'` from Redis 6.0 on, on the Redis of the store. @default 'pubsub' */
  readonly mode?: BusMode | undefined
  /** How long after its last answer the server is asked for a sign of life; from 1 ms to 24 days. @default '1s' */
  readonly heartbeat?: Duration | undefined
  /** How long one attempt to connect may take; from 1 ms to 24 days. @default '500ms' */
  readonly connectTimeout?: Duration | undefined
  /** How long an answer may take; from 1 ms to 24 days. @default '500ms' */
  readonly socketTimeout?: Duration | undefined
}

const MODE = oneOf('pubsub', 'tracking')

const SHAPE = {
  ...REDIS_SERVER_SHAPE,
  mode: MODE.optional(),
  heartbeat: duration(1, LONGEST_TIMER).optional(),
  connectTimeout: duration(1, LONGEST_TIMER).optional(),
  socketTimeout: duration(1, LONGEST_TIMER).optional(),
} satisfies ShapeOf<RedisBusConfig>

/** A bus: its mode, its settings, one that a program has made, or `false` for none. */
export const BUS = either(
  "'pubsub', 'tracking', false or an object",
  MODE,
  z.literal(false),
  fromCode<InvalidationBus>('a bus', value => 'listen' in value),
  object(SHAPE).meta({ id: 'RedisBusConfig' }),
)
