export type { RedisAddressOptions } from './redis-address-options.js'
export { redisBus } from './redis-bus.js'
export type {
  RedisBusClient,
  RedisBusConnectionOptions,
  RedisBusInjection,
  RedisBusMode,
  RedisBusOptions,
  RedisBusSettings,
  RedisBusTimeouts,
} from './redis-bus-options.js'
export type { RedisClient } from './redis-client.js'
export type {
  RedisConnectionOptions,
  RedisInjection,
  RedisStoreLimits,
  RedisStoreOptions,
} from './redis-options.js'
export { redisStore } from './redis-store.js'
