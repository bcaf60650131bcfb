import { CacheError, type Milliseconds } from '@lookaside/core'
import type { Connection } from './redis-client.js'

/** States of a client that may lead to `ready` without a command being sent. */
const ON_THE_WAY = ['connecting', 'connect', 'reconnecting', 'close']

/**
 * Resolves once the server has answered a PING; waits for a connection that is being made, through several attempts.
 *
 * @throws CacheError `ERR_CACHE_UNAVAILABLE` when that takes longer than `limit`, or the PING fails.
 */
export function ping(connection: Connection, limit: Milliseconds): Promise<void> {
  const { client, address } = connection
  let lastError = connection.lastError
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      fail(
        lastError ?? new Error(client.status === 'ready' ? 'no answer' : 'no connection'),
        `within ${limit} ms`,
      )
    }, limit)

    function remember(error: unknown) {
      lastError = error
    }
    function end() {
      clearTimeout(timer)
      client.off('error', remember)
      client.off('ready', send)
    }
    function fail(cause: unknown, when: string) {
      end()
      const reason = cause instanceof Error ? cause.message : String(cause)
      const message = `Redis at ${address} did not answer ${when}: ${reason || 'no connection'}. Check that it runs there, and the credentials`
      reject(new CacheError('ERR_CACHE_UNAVAILABLE', message, { cause }))
    }
    function send() {
      client.off('ready', send)
      client.ping().then(
        () => {
          end()
          resolve()
        },
        error => fail(error, 'a PING'),
      )
    }

    client.on('error', remember)
    if (ON_THE_WAY.includes(client.status)) client.on('ready', send)
    else send()
  })
}
