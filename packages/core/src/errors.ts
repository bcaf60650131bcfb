import { inspect } from 'node:util'

/** Every code a `CacheError` can carry; `docs/reference/errors.md` explains each. */
export const ERROR_CODES = [
  'ERR_CACHE_CLOSED',
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

/**
 * Shows what was received, on one line and at most about 80 characters long. A `URL` object is shown as its text;
 * what precedes the `@` in the text of a URL, or follows `password:` in an object, is not shown.
 */
export function quote(value: unknown): string {
  const shown = value instanceof URL ? value.href : value
  const inspected =
    typeof shown === 'string'
      ? `'${shown}'`
      : inspect(shown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  const text = inspected
    .replace(/(:\/\/)[^\s'"/?#]*@/g, '$1***@')
    .replace(/\b(password: )(?:'(?:[^'\\]|\\.)*'|"[^"]*"|`[^`]*`)/g, "$1'***'")
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
