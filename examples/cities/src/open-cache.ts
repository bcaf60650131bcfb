import { fromEnv } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { backendName } from './backends.js'
import { type ServiceCacheOptions, tieredCache } from './tiered-cache.js'

/**
 * The cache that `CACHE_URL` names; before Redis stands a memory of this process.
 *
 * Redis tells it of every key that changes, so that it hears of other processes and of `redis-cli DEL` alike.
 */
export async function openCache(options: ServiceCacheOptions): Promise<Cache> {
  const url = process.env['CACHE_URL']?.trim() ?? 'memory:'
  return backendName(url) === 'Redis' ? tieredCache(url, 'tracking', options) : fromEnv(options)
}
