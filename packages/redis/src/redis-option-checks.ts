import { CacheError, type Duration, type Milliseconds, parseDuration, quote } from '@lookaside/core'

/** The longest span a timer takes. */
const MAX_TIMEOUT: Milliseconds = 2 ** 31 - 1

/** What checks single options of `what`, the function named in the messages; each throws `ERR_CACHE_OPTION`. */
interface OptionChecks {
  fail(message: string): never
  text(name: string, value: unknown): string | undefined
  secret(name: string, value: unknown): string | undefined
  integer(name: string, value: unknown, min: number, max: number): number | undefined
  timeout(name: string, value: Duration | undefined): Milliseconds | undefined
}

export function optionChecks(what: string): OptionChecks {
  function fail(message: string): never {
    throw new CacheError('ERR_CACHE_OPTION', `${what}: ${message}`)
  }
  return {
    fail,
    text(name, value) {
      if (value === undefined || (typeof value === 'string' && value !== '')) return value
      return fail(`'${name}' must be a non-empty string; received ${quote(value)}`)
    },
    secret(name, value) {
      if (value === undefined || typeof value === 'string') return value
      return fail(`'${name}' must be a string; received a value of type ${typeof value}`)
    },
    integer(name, value, min, max) {
      if (value === undefined) return undefined
      if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
        return value as number
      return fail(`'${name}' must be an integer from ${min} to ${max}; received ${quote(value)}`)
    },
    timeout(name, value) {
      if (value === undefined) return undefined
      const ms = parseDuration(value, `'${name}' of ${what}`)
      if (ms >= 1 && ms <= MAX_TIMEOUT) return ms
      return fail(`'${name}' must be from 1 to ${MAX_TIMEOUT} ms (24 days); received ${quote(value)}`)
    },
  }
}

/**
 * The options that `what` was called with: none at all, a URL or an object, which is not looked into further.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for `undefined`, as an unset environment variable gives it: falling back on a
 * server of this machine would hide what went wrong.
 */
export function optionsGiven<Options extends object>(
  what: string,
  given: readonly [] | readonly [options: string | URL | Options, ...rest: unknown[]],
): Options | (Options & { url: string }) {
  const [input = {} as Options] = given
  const isItSet = `is the environment variable set? ${what}() without arguments uses redis://127.0.0.1:6379/0`
  const { fail } = optionChecks(what)
  // Without showing what it holds: the URL of a server may hold a password.
  if (Array.isArray(input)) fail('it takes a URL or an object of options; received a list')
  if (given.length > 0 && given[0] === undefined) fail(`it received undefined; ${isItSet}`)
  if (typeof input === 'string') return { url: input } as Options & { url: string }
  if (input instanceof URL) return { url: input.href } as Options & { url: string }
  if (typeof input === 'object' && input !== null && 'url' in input && input.url === undefined)
    fail(`'url' is undefined; ${isItSet}`)
  return input
}

/** Checks an injected client by its methods. */
export function checkClient(what: string, client: unknown, methods: readonly string[]): void {
  const missing = missingMethod(client, methods)
  if (missing === undefined) return
  // What it is, but not what it holds: that may be a password.
  const received =
    typeof client === 'object' && client !== null
      ? `an object without ${missing}()`
      : `a value of type ${client === null ? 'null' : typeof client}`
  optionChecks(what).fail(`'client' must be a Redis or a Cluster of ioredis; received ${received}`)
}

/** The first of these methods that `value` lacks. */
export function missingMethod(value: unknown, methods: readonly string[]): string | undefined {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return methods.find(method => typeof candidate[method] !== 'function')
}
