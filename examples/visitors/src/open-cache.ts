import { type Cache, createCache } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'

const { REDIS_URL = 'redis://127.0.0.1:6379', MEMCACHED_SERVERS = '127.0.0.1:11211' } = process.env

/** Where visitors can be counted. */
export type Backend = 'redis' | 'memcached'

/** Opens the cache that all processes share. */
export function openCache(backend: Backend): Cache {
  const store =
    backend === 'redis' ? redisStore(REDIS_URL) : memcachedStore(`memcached://${MEMCACHED_SERVERS}`)
  return createCache({ store, prefix: 'visitors', storeTimeout: '2s' })
}
