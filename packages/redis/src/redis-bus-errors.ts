import { CacheError, isCacheError } from '@lookaside/core'
import { asError } from './as-error.js'
import { explain, type RedisTarget, withoutFullStop } from './redis-failure.js'
import { withoutCredentials } from './without-credentials.js'

/** Replies that another attempt won't change: somebody has to grant a right, or take a newer server. */
const REFUSED = /^(?:NOPERM|ERR) /

/** Names a bus: `redis-pubsub(127.0.0.1:6379/0)`. */
export function busName(mode: string, target: RedisTarget): string {
  return target.name.replace('redis', `redis-${mode}`)
}

export function busClosed(name: string): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', `${name} has been closed; make a new bus`)
}

/** What a server answered: with what would help, where it refuses for good; else as it is. */
export function refused(error: unknown, { server }: RedisTarget, remedy: string): unknown {
  if (!(error instanceof Error) || error.name !== 'ReplyError' || !REFUSED.test(error.message)) return error
  return new CacheError(
    'ERR_CACHE_UNSUPPORTED',
    `${server} does not let the bus work: ${withoutFullStop(error.message)}. ${remedy}`,
    { cause: error },
  )
}

/** A `CacheError` that says what has become of the server; as it is, where it is one already. */
export function unavailable(target: RedisTarget | undefined, reason: unknown): CacheError {
  if (isCacheError(reason)) return reason
  const cause = asError(withoutCredentials(reason))
  const message = target === undefined ? cause.message : explain(target, cause).message
  return new CacheError('ERR_CACHE_UNAVAILABLE', message, { cause })
}
