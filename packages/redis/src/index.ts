export type { RedisClient } from './redis-client.js'
export type {
  RedisConnectionOptions,
  RedisInjection,
  RedisStoreLimits,
  RedisStoreOptions,
} from './redis-options.js'
export { redisStore } from './redis-store.js'
