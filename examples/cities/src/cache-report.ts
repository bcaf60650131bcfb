import { type Cache, isCacheError } from '@lookaside/core'
import { backendName } from './backends.js'

/** One line that says which cache is used, and one that warns where it cannot be reached. */
export async function cacheReport(cache: Cache, url: string): Promise<string[]> {
  const name = backendName(url)
  const at = name === 'memory' ? 'in this process' : `at ${hostsOf(url)}`
  try {
    await cache.ready({ timeout: '1s' })
    return [`${name}, ${at}${name === 'Redis' ? ', behind a memory in this process' : ''}`]
  } catch (error) {
    if (!isCacheError(error, 'ERR_CACHE_UNAVAILABLE')) throw error
    return [
      `${name}, ${at}, which cannot be reached`,
      'Every answer comes from the database until it can; is it running, and is CACHE_URL right?',
    ]
  }
}

/** Without credentials. */
function hostsOf(url: string): string {
  const [authority = ''] = url.replace(/^.*?:\/\//, '').split(/[/?]/, 1)
  return authority.slice(authority.lastIndexOf('@') + 1)
}
