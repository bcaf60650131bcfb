import { type Cache, createCache, migratingStore, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { stampedeGuard } from '@lookaside/stampede-guard'

/** What a release of the service is configured for, in the order in which the releases are rolled out. */
export const STAGES = ['memcached', 'prepare', 'move', 'finish', 'Redis'] as const

export type Stage = (typeof STAGES)[number]

const { MEMCACHED_SERVERS = '127.0.0.1:11211', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env

// The load of this example keeps the machine busy: its calls are given more time than a service would give them.
const memcached = () => memcachedStore({ servers: MEMCACHED_SERVERS.split(','), timeout: '2s' })
const redis = () => redisStore({ url: REDIS_URL, socketTimeout: '2s' })

function storeAt(stage: Stage): RemoteStore {
  if (stage === 'memcached') return memcached()
  if (stage === 'Redis') return redis()
  return migratingStore({ from: memcached(), to: redis(), phase: stage, timeout: '1s' })
}

/** The cache of one process of the service, at a stage of the migration. */
export function cacheAt(stage: Stage, prefix: string): Cache {
  return createCache({ store: storeAt(stage), storeTimeout: '2s', prefix, ttl: '1h', guard: stampedeGuard() })
}
