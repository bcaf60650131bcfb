import { CacheError, type Milliseconds } from '@lookaside/core'
import { asError } from './as-error.js'
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
  let heard: unknown
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const silence = new Error(
        client.status === 'ready' ? 'it is connected but silent' : 'no connection was made',
      )
      fail(connection.lastError ?? heard ?? silence, `within ${limit} ms`)
    }, limit)

    function hear(error: unknown) {
      heard = error
    }
    function end() {
      clearTimeout(timer)
      client.off('error', hear)
      client.off('ready', send)
    }
    function fail(cause: unknown, when: string) {
      end()
      const message = `Redis at ${address} did not answer ${when}: ${asError(cause).message}. Check that it runs there, and the credentials`
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

    client.on('error', hear)
    if (ON_THE_WAY.includes(client.status)) client.on('ready', send)
    else send()
  })
}
