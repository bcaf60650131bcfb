import { types } from 'node:util'
import { CacheError, isCacheError, quote } from '../errors.js'
import { findMember } from '../options/find-member.js'
import { instanceName, isHollow } from './hollow.js'

/** How many members are looked at for the one to blame. */
const MAX_VISITS = 10_000

/** The error for a value that a codec can't encode: it names the member to blame where that can be found. */
export function notEncodable(codec: string, value: unknown, cause: unknown): CacheError {
  // It says all this already.
  if (isCacheError(cause, 'ERR_CACHE_NOT_ENCODABLE')) return cause
  const [reason = ''] = (cause instanceof Error ? cause.message : quote(cause)).split('\n')
  const found =
    codec === 'json' || codec === 'raw-json'
      ? findMember(value, 'json', jsonObstacle, MAX_VISITS)
      : findMember(value, 'structured', obstacle, MAX_VISITS)
  const what = found === undefined ? quote(value) : `${found.what} at ${found.path}`
  const advice = found?.what === PROMISE ? 'await it first' : 'cache plain data, or give a codec of your own'
  return new CacheError(
    'ERR_CACHE_NOT_ENCODABLE',
    `codec '${codec}' can't encode ${what} (${reason}): ${advice}`,
    { cause },
  )
}

const PROMISE = 'a Promise'

function jsonObstacle(value: unknown): string | undefined {
  return typeof value === 'bigint' ? 'a bigint' : undefined
}

function obstacle(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (types.isProxy(value)) return 'a Proxy'
  if (types.isPromise(value)) return PROMISE
  return isHollow(value) ? instanceName(value) : undefined
}
