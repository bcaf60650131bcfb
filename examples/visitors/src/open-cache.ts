import { type Cache, createCache } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'

const { REDIS_URL = 'redis://127.0.0.1:6379', MEMCACHED_SERVERS = '127.0.0.1:11211' } = process.env

/** Where visitors can be counted. */
export type Backend = 'redis' | 'memcached'

/** Opens the cache that all processes share; so many that start at once may have to wait for their connections. */
export function openCache(backend: Backend): Cache {
  const connectTimeout = '5s'
  const store =
    backend === 'redis'
      ? redisStore({ url: REDIS_URL, connectTimeout, socketTimeout: '5s' })
      : memcachedStore({ url: `memcached://${MEMCACHED_SERVERS}`, connectTimeout, timeout: '5s' })
  return createCache({ store, prefix: 'visitors', storeTimeout: '5s' })
}
