export { type LocalServer, startMemcached, startRedis } from './local-server.js'
