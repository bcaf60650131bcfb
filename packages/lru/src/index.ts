export type { LruClient } from './lru-client.js'
export type { LruInjection, LruLimits, LruStoreOptions } from './lru-options.js'
export { lruStore } from './lru-store.js'
