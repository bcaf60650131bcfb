export type {
  MemcachedConnectionOptions,
  MemcachedInjection,
  MemcachedStoreLimits,
  MemcachedStoreOptions,
} from './memcached-options.js'
export { memcachedStore } from './memcached-store.js'
export type { MemjsClient, MemjsReply, MemjsServer } from './memjs-client.js'
