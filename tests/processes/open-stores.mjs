/** @import { Duration, RemoteStore } from '@lookaside/core' */

/**
 * A function that opens stores on the server that the processes of a test share.
 *
 * It loads only the adapter that it needs: the tests start many processes, and most of what these do is to load.
 *
 * @param {'redis' | 'memcached'} backend
 * @param {string} url
 * @param {Duration} [patience] How long a connection or an answer may take; as the adapter has it where left out.
 * @returns {Promise<() => RemoteStore>}
 */
export async function storesOn(backend, url, patience) {
  if (backend === 'redis') {
    const { redisStore } = await import('@lookaside/redis')
    return () => redisStore({ url, ...(patience && { connectTimeout: patience, socketTimeout: patience }) })
  }
  const { memcachedStore } = await import('@lookaside/memcached')
  return () => memcachedStore({ url, ...(patience && { connectTimeout: patience, timeout: patience }) })
}
