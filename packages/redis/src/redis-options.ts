import type { ConnectionOptions } from 'node:tls'
import {
  CacheError,
  checkOptions,
  type Duration,
  type Milliseconds,
  parseDuration,
  quote,
} from '@lookaside/core'
import type { RedisClient } from './redis-client.js'
import { parseRedisUrl } from './redis-url.js'

/** What a store on a client of its own or of the application takes. */
export interface RedisStoreLimits {
  /**
   * The largest value in bytes; a larger one is refused with `ERR_CACHE_TOO_LARGE` before it is sent. An integer
   * from 1 to 536870912 (512 MiB, the most that Redis takes).
   *
   * The default takes a 1 Gbit/s link about as long as the cache's default timeout of a store call, 200 ms:
   * where you raise it, raise that and `socketTimeout` too.
   *
   * @default 16777216 (16 MiB)
   */
  readonly maxValueBytes?: number
  /**
   * How long one attempt to connect may take, and how long `ping()` waits in all; from 1 ms to 24 days.
   *
   * @default '500ms'
   */
  readonly connectTimeout?: Duration
}

/** Where a Redis is, and how to talk to it. */
export interface RedisConnectionOptions extends RedisStoreLimits {
  /**
   * `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. The options below take precedence
   * over its parts.
   *
   * @default 'redis://127.0.0.1:6379/0'
   */
  readonly url?: string
  /**
   * Name or IP address of the server.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string
  /**
   * Port of the server, from 1 to 65535.
   *
   * @default 6379
   */
  readonly port?: number
  /**
   * ACL user to log in as.
   *
   * @default the server's user named default
   */
  readonly username?: string
  /**
   * Password to log in with.
   *
   * @default none: no login
   */
  readonly password?: string
  /**
   * Number of the database, from 0 to one less than the server's `databases` (16 unless configured).
   *
   * @default 0
   */
  readonly db?: number
  /**
   * Whether to use TLS, or how: the options of `tls.connect`, such as `{ ca }`.
   *
   * @default true with a rediss:// URL, else false
   */
  readonly tls?: boolean | ConnectionOptions
  /**
   * How long one command may take; from 1 ms to 24 days. The cache has a deadline of its own for every call, which
   * costs less than this one.
   *
   * @default none
   */
  readonly commandTimeout?: Duration
  /**
   * How long the server may stay silent while commands wait for answers; then the connection is given up, with all
   * commands on it, and opened again. From 1 ms to 24 days.
   *
   * @default '300ms'
   */
  readonly socketTimeout?: Duration
}

/** A client that the application made. */
export interface RedisInjection extends RedisStoreLimits {
  /**
   * A `Redis` or `Cluster` of ioredis that reads primaries only: a replica may still have what was invalidated.
   *
   * It keeps its own timeouts and queues, and the store never closes it. Make it with
   * `autoResendUnfulfilledCommands: false`, or an `increment` may count twice when the connection breaks.
   */
  readonly client: RedisClient
}

type OnlyConnection = Exclude<keyof RedisConnectionOptions, keyof RedisStoreLimits>

/** What `redisStore` takes: where the server is, or a client that knows. */
export type RedisStoreOptions =
  | (RedisConnectionOptions & { readonly client?: never })
  | (RedisInjection & { readonly [Name in OnlyConnection]?: never })

/** The options with defaults filled in, checked. */
export interface RedisSettings {
  readonly client: RedisClient | undefined
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: ConnectionOptions | undefined
  readonly connectTimeout: Milliseconds
  readonly commandTimeout: Milliseconds | undefined
  readonly socketTimeout: Milliseconds
  readonly maxValueBytes: number
}

const ONLY_CONNECTION: readonly OnlyConnection[] = [
  'url',
  'host',
  'port',
  'username',
  'password',
  'db',
  'tls',
  'commandTimeout',
  'socketTimeout',
]
const KNOWN = [...ONLY_CONNECTION, 'connectTimeout', 'maxValueBytes', 'client']
const METHODS = [
  'getBuffer',
  'mgetBuffer',
  'set',
  'unlink',
  'evalsha',
  'eval',
  'scanBuffer',
  'ping',
  'on',
  'off',
]
/** Falling back on a server of this machine would hide what went wrong. */
const IS_IT_SET =
  'is the environment variable set? redisStore() without arguments uses redis://127.0.0.1:6379/0'
const MAX_REDIS_VALUE = 512 * 1024 * 1024
const DEFAULT_MAX_VALUE = 16 * 1024 * 1024
/** The longest span a timer takes. */
const MAX_TIMEOUT: Milliseconds = 2 ** 31 - 1

/**
 * Checks what `redisStore` was called with, and fills in defaults.
 *
 * @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_URL` or `ERR_CACHE_DURATION`.
 */
export function redisSettings(...given: [] | [options: string | URL | RedisStoreOptions]): RedisSettings {
  const [input = {}] = given
  if (given.length > 0 && given[0] === undefined) fail(`it received undefined; ${IS_IT_SET}`)
  const options =
    typeof input === 'string' ? { url: input } : input instanceof URL ? { url: input.href } : input
  if (isClient(options)) fail('a client is given by name: redisStore({ client })')
  checkOptions('redisStore', options, KNOWN)
  if ('url' in options && options.url === undefined) fail(`'url' is undefined; ${IS_IT_SET}`)
  const { client, tls } = options
  if (client !== undefined) {
    if (!isClient(client))
      fail(`'client' must be a Redis or a Cluster of ioredis; received ${foreign(client)}`)
    const { scaleReads = 'master', role = 'master' } = client.options
    if (scaleReads !== 'master' || role !== 'master') {
      fail(
        "'client' must read primaries only, as replicas lag behind: make it with scaleReads and role 'master'",
      )
    }
    const extra = ONLY_CONNECTION.find(name => options[name] !== undefined)
    if (extra !== undefined) fail(`'client' has its own connection, so '${extra}' can't be given with it`)
  }
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    fail(`'tls' must be true, false or the options of tls.connect; received ${quote(tls)}`)
  }
  const url = options.url === undefined ? undefined : parseRedisUrl(options.url)
  const username = text('username', options.username ?? url?.username)
  const secure = tls ?? url?.tls ?? false
  return {
    client,
    host: text('host', options.host ?? url?.host) ?? '127.0.0.1',
    port: integer('port', options.port ?? url?.port, 1, 65_535) ?? 6379,
    username,
    // AUTH takes a user only together with a password.
    password:
      secret('password', options.password ?? url?.password) ?? (username === undefined ? undefined : ''),
    db: integer('db', options.db ?? url?.db, 0, Number.MAX_SAFE_INTEGER) ?? 0,
    tls: secure === true ? {} : secure || undefined,
    connectTimeout: timeout('connectTimeout', options.connectTimeout) ?? 500,
    commandTimeout: timeout('commandTimeout', options.commandTimeout),
    socketTimeout: timeout('socketTimeout', options.socketTimeout) ?? 300,
    maxValueBytes: integer('maxValueBytes', options.maxValueBytes, 1, MAX_REDIS_VALUE) ?? DEFAULT_MAX_VALUE,
  }
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return fail(`'${name}' must be a non-empty string; received ${quote(value)}`)
}

function secret(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return fail(`'${name}' must be a string; received a value of type ${typeof value}`)
}

function integer(name: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined) return undefined
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  return fail(`'${name}' must be an integer from ${min} to ${max}; received ${quote(value)}`)
}

function timeout(name: string, value: Duration | undefined): Milliseconds | undefined {
  if (value === undefined) return undefined
  const ms = parseDuration(value, `'${name}' of redisStore`)
  if (ms >= 1 && ms <= MAX_TIMEOUT) return ms
  return fail(`'${name}' must be from 1 to ${MAX_TIMEOUT} ms (24 days); received ${quote(value)}`)
}

/** What it is, but not what it holds: that may be a password. */
function foreign(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return `a value of type ${value === null ? 'null' : typeof value}`
  const missing = METHODS.find(method => typeof (value as Record<string, unknown>)[method] !== 'function')
  return `an object without ${missing}()`
}

function isClient(value: unknown): boolean {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return METHODS.every(method => typeof candidate[method] === 'function')
}

function fail(message: string): never {
  throw new CacheError('ERR_CACHE_OPTION', `redisStore: ${message}`)
}
