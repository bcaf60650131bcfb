export type { MemcachedDialectName, MemcachedFlags } from './memcached-dialect.js'
export type {
  MemcachedConnectionOptions,
  MemcachedInjection,
  MemcachedStoreOptions,
  MemcachedValueOptions,
} from './memcached-options.js'
export { memcachedStore } from './memcached-store.js'
export type { MemjsClient, MemjsReply, MemjsServer } from './memjs-client.js'
