import type { Environment } from '@lookaside/config'
import { type Cache, isCacheError } from '@lookaside/core'

/** One line that says what the cache is made from, and two that warn where its server does not answer. */
export async function cacheReport(cache: Cache, env: Environment): Promise<string[]> {
  const source = sourceOf(env)
  try {
    await cache.ready({ timeout: '1s' })
    return [source]
  } catch (error) {
    if (!isCacheError(error, 'ERR_CACHE_UNAVAILABLE')) throw error
    return [source, error.message, 'Until it answers, every answer comes from the database.']
  }
}

function sourceOf({ CACHE_CONFIG, CACHE_URL }: Environment): string {
  if (CACHE_CONFIG !== undefined) return `from ${CACHE_CONFIG.trim()}`
  return CACHE_URL === undefined
    ? 'memory, without CACHE_CONFIG or CACHE_URL'
    : `at ${withoutUser(CACHE_URL)}`
}

function withoutUser(url: string): string {
  return url.trim().replace(/^([^:]+:\/\/).*@/, '$1')
}
