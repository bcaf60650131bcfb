import type { TestProject } from 'vitest/node'
import { startMemcached, startRedis } from './index.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A Redis that all tests share: use a prefix of your own. */
    redisUrl: string
    /** memcached servers that all tests share, `host:port,host:port`. */
    memcachedServers: string
  }
}

/** Provides servers: those of TEST_REDIS_URL and TEST_MEMCACHED_SERVERS where set, else ones it starts and stops. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { TEST_REDIS_URL: redisUrl, TEST_MEMCACHED_SERVERS: memcachedServers } = process.env
  const redis = redisUrl ? undefined : await startRedis()
  const memcached = memcachedServers ? [] : await Promise.all([startMemcached(), startMemcached()])
  project.provide('redisUrl', redisUrl ?? `redis://${redis?.address}`)
  project.provide('memcachedServers', memcachedServers ?? memcached.map(server => server.address).join(','))
  return async () => {
    await Promise.all([redis, ...memcached].map(server => server?.stop()))
  }
}
