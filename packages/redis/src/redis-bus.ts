import type { ChangeBus, InvalidationBus, MessageBus } from '@lookaside/core'
import {
  type RedisBusArguments,
  type RedisBusOptions,
  type RedisBusSettings,
  redisBusOptions,
} from './redis-bus-options.js'
import { originOf } from './redis-origin.js'
import { RedisPubsubBus } from './redis-pubsub-bus.js'
import { RedisTrackingBus } from './redis-tracking-bus.js'

/**
 * Tells the local tiers of all processes what has changed, through Redis: one server, a primary behind Sentinel, or a
 * Cluster.
 *
 * `mode: 'pubsub'`, the default, carries the messages of the caches; it works with every Redis, and needs not be the
 * one that holds the values. `mode: 'tracking'` has the server that holds the values tell of every key that changes,
 * by expiry, eviction and programs in other languages too.
 *
 * It connects when it is first used, with connections of its own, and comes back by itself; while one of them is
 * missing the bus is down, and `publish` rejects at once. The server is asked for a sign of life with every heartbeat.
 * With `'pubsub'` the bus keeps a small key named by the channel, which shows by its absence that the server was
 * flushed. Neither channels nor tracking know of databases: a bus may hear of another database's keys. Without
 * arguments it is the Redis at `redis://127.0.0.1:6379/0`; `undefined` is refused, as it is what an unset variable
 * gives.
 *
 * Listeners are told why the bus is down: `ERR_CACHE_UNAVAILABLE`, or `ERR_CACHE_UNSUPPORTED` where the server refuses
 * what the mode needs. Later attempts follow after 50 ms to 1 s in both cases.
 *
 * @throws CacheError `ERR_CACHE_URL`, `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for what it can't be made from;
 * `ERR_CACHE_CLOSED` from calls after `close()`.
 *
 * @example
 * const url = 'redis://localhost:6379'
 * const cache = createCache({
 *   store: [lruStore({ maxEntries: 10_000 }), redisStore(url)],
 *   bus: redisBus(url, { mode: 'tracking' }),
 * })
 *
 * @example
 * // what the application publishes by itself
 * const bus = redisBus({ client: new Redis('redis://localhost:6379') })
 * const stop = bus.listen('news', {
 *   up: () => bus.publish('news', Buffer.from('hello')),
 *   down: cause => console.warn(cause),
 *   flushed: () => {},
 *   message: bytes => console.log(String(bytes)), // hello
 * })
 */
export function redisBus(): MessageBus
export function redisBus(where: string | URL | RedisBusOptions, how?: RedisBusSettings<'pubsub'>): MessageBus
export function redisBus(
  where: string | URL | RedisBusOptions,
  how: RedisBusSettings<'tracking'> & { readonly mode: 'tracking' },
): ChangeBus
export function redisBus(where: string | URL | RedisBusOptions, how?: RedisBusSettings): InvalidationBus
export function redisBus(...given: RedisBusArguments): InvalidationBus {
  const { source, mode, timing } = redisBusOptions(...given)
  const origin = originOf(source)
  return mode === 'tracking' ? new RedisTrackingBus(origin, timing) : new RedisPubsubBus(origin, timing)
}
