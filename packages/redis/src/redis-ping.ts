import { CacheError, type Milliseconds } from '@lookaside/core'
import { asError } from './as-error.js'
import type { Connection } from './redis-client.js'
import { explain, withoutFullStop } from './redis-failure.js'
import { withoutCredentials } from './without-credentials.js'

/** States of a client that may lead to `ready` without a command being sent. */
const ON_THE_WAY = ['connecting', 'connect', 'reconnecting', 'close']
/** States in which the last attempt is over and the next has not begun. */
const BETWEEN = ['reconnecting', 'close']

/**
 * Resolves once the server has answered a PING; waits for a connection that is being made, through several attempts.
 *
 * @throws CacheError `ERR_CACHE_UNAVAILABLE` when that takes longer than `limit` or the PING fails, and at once for a
 * reason that further attempts won't change: a refused login or database, or something that is not this Redis.
 */
export function ping(connection: Connection, limit: Milliseconds): Promise<void> {
  const { client, server } = connection
  let heard: unknown
  return new Promise((resolve, reject) => {
    const timer = setTimeout(giveUp, limit)

    function end() {
      clearTimeout(timer)
      client.off('error', hear)
      client.off('ready', send)
    }
    function fail(message: string, cause: unknown) {
      end()
      reject(new CacheError('ERR_CACHE_UNAVAILABLE', message, { cause }))
    }
    function giveUp() {
      const silence = client.status === 'ready' ? 'it is connected but silent' : 'no connection was made'
      const cause = asError(connection.lastError ?? heard ?? new Error(silence))
      const { message, final } = explain(connection, cause)
      const said = withoutFullStop(cause.message)
      fail(
        final ? message : `${server} did not answer within ${limit} ms: ${said}. Check that it runs there`,
        cause,
      )
    }
    function hear(error: unknown) {
      heard = withoutCredentials(error)
      const { message, final } = explain(connection, heard)
      if (final) fail(message, heard)
    }
    function send() {
      client.off('ready', send)
      client.ping().then(
        () => {
          end()
          resolve()
        },
        error => {
          const cause = withoutCredentials(error)
          fail(explain(connection, cause).message, cause)
        },
      )
    }

    client.on('error', hear)
    if (ON_THE_WAY.includes(client.status)) client.on('ready', send)
    else send()
    if (BETWEEN.includes(client.status) && connection.lastError !== undefined) hear(connection.lastError)
  })
}
