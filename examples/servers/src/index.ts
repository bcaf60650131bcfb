export { type LocalServer, type MemcachedLimits, startMemcached, startRedis } from './local-server.js'
