import { type Cache, CacheError, isCacheError, quote } from '@lookaside/core'
import { z } from 'zod'
import { checkUrlOptions, openCache, type UrlCacheOptions } from './open-cache.js'

const ENVIRONMENT = z.object({ CACHE_URL: z.string().trim().min(1).default('memory:') })

/**
 * Creates a cache over the store that the environment variable `CACHE_URL` names; `memory:` without one.
 *
 * For a variable of another name, give its value to `fromUrl`.
 *
 * @param env where the variable is looked up; `process.env` by default.
 * @throws CacheError as `fromUrl` does; `ERR_CACHE_URL` for an empty variable.
 *
 * @example
 * const cache = await fromEnv({ ttl: '10m' }) // CACHE_URL=redis://localhost:6379 node server.js
 */
export async function fromEnv(
  options: UrlCacheOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Cache> {
  checkUrlOptions('fromEnv', options, ' and reads CACHE_URL (for another variable use fromUrl)')
  const parsed = ENVIRONMENT.safeParse(env)
  if (!parsed.success) {
    throw new CacheError(
      'ERR_CACHE_URL',
      `CACHE_URL must be a cache URL such as memory: or redis://localhost:6379, or not be set; received ${quote(env['CACHE_URL'])}`,
    )
  }
  try {
    return await openCache(parsed.data.CACHE_URL, options)
  } catch (error) {
    if (!isCacheError(error, 'ERR_CACHE_URL')) throw error
    throw new CacheError('ERR_CACHE_URL', `CACHE_URL: ${error.message}`, { cause: error })
  }
}
