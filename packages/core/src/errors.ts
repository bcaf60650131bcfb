import { inspect, types } from 'node:util'

/** Every code a `CacheError` can carry; `docs/reference/errors.md` explains each. */
export const ERROR_CODES = [
  'ERR_CACHE_CLOSED',
  'ERR_CACHE_CONFIG',
  'ERR_CACHE_CONTENTION',
  'ERR_CACHE_COUNTER',
  'ERR_CACHE_DURATION',
  'ERR_CACHE_INVALIDATION',
  'ERR_CACHE_KEY',
  'ERR_CACHE_LOAD_LIMIT',
  'ERR_CACHE_LOAD_TIMEOUT',
  'ERR_CACHE_NAMESPACE',
  'ERR_CACHE_NOT_ENCODABLE',
  'ERR_CACHE_OPTION',
  'ERR_CACHE_QUEUE_FULL',
  'ERR_CACHE_SCHEMA',
  'ERR_CACHE_STORE',
  'ERR_CACHE_TAG',
  'ERR_CACHE_TIMEOUT',
  'ERR_CACHE_TOO_LARGE',
  'ERR_CACHE_UNAVAILABLE',
  'ERR_CACHE_UNDELIVERED',
  'ERR_CACHE_UNSUPPORTED',
  'ERR_CACHE_URL',
] as const

export type CacheErrorCode = (typeof ERROR_CODES)[number]

const BRAND = Symbol.for('lookaside.CacheError')

/**
 * Every error that the library itself raises: a stable `code`, and a message that says what was expected,
 * what was received and what to do.
 *
 * A loader's own errors are never wrapped. `cause` is the client's error where there is one; `result` is the
 * write's result where an invalidation after a successful write failed.
 */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode
  readonly result?: unknown
  /** @internal */
  readonly [BRAND] = true

  constructor(code: CacheErrorCode, message: string, options: { cause?: unknown; result?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if ('result' in options) this.result = options.result
  }
}

/**
 * Tells a `CacheError`, optionally of one code, from any other thrown value; also one that was created by
 * another copy of this package.
 *
 * @example
 * try { await cache.ready() } catch (error) {
 *   if (isCacheError(error, 'ERR_CACHE_UNAVAILABLE')) process.exit(1)
 *   throw error
 * }
 */
export function isCacheError(value: unknown, code?: CacheErrorCode): value is CacheError {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { [BRAND]?: unknown })[BRAND] === true &&
    (code === undefined || (value as CacheError).code === code)
  )
}

/** What may be a secret in the text of a value, and what is shown instead. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  // A password that is not percent-encoded may hold any character.
  [/\b((?:rediss?|memcached):\/\/)[^\s'"]*@/gi, '$1***@'],
  [/(:\/\/)[^\s'"/?#]*@/g, '$1***@'],
  // What follows a host is a port, or the rest of what was to be a user and a password.
  [/(:\/\/[^\s'"/?#@:,[]*:)(?!\d{1,5}(?:\D|$))[^\s'"/?#,]+/g, '$1***'],
  [
    /\b(\w*(?:password|passphrase|secret|token)|pass|auth)(: )(?:'(?:[^'\\]|\\.)*'|"[^"]*"|`[^`]*`)/gi,
    "$1$2'***'",
  ],
]

/**
 * Shows what was received, on one line and at most about 80 characters long. A `URL` object is shown as its text,
 * a promise as `a Promise`. A user and password in the text of a URL are not shown, nor what stands under a name such as
 * `password` in an object.
 */
export function quote(value: unknown): string {
  // Where `AsyncLocalStorage` is in use, a promise has what that holds as properties, secret or not.
  if (types.isPromise(value)) return 'a Promise'
  const shown = value instanceof URL ? value.href : value
  const inspected =
    typeof shown === 'string'
      ? `'${shown}'`
      : inspect(shown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  let text = inspected
  for (const [secret, hidden] of SECRETS) text = text.replace(secret, hidden)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
