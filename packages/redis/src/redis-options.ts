import { checkOptions, type Duration, type Milliseconds } from '@lookaside/core'
import {
  ADDRESS_OPTIONS,
  type AddressSettings,
  addressSettings,
  type RedisAddressOptions,
} from './redis-address-options.js'
import type { RedisClient } from './redis-client.js'
import { checkClient, missingMethod, optionChecks, optionsGiven } from './redis-option-checks.js'

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
export interface RedisConnectionOptions extends RedisStoreLimits, RedisAddressOptions {
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
export interface RedisSettings extends AddressSettings {
  readonly client: RedisClient | undefined
  readonly connectTimeout: Milliseconds
  readonly commandTimeout: Milliseconds | undefined
  readonly socketTimeout: Milliseconds
  readonly maxValueBytes: number
}

const ONLY_CONNECTION: readonly OnlyConnection[] = [...ADDRESS_OPTIONS, 'commandTimeout', 'socketTimeout']
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
const MAX_REDIS_VALUE = 512 * 1024 * 1024
const DEFAULT_MAX_VALUE = 16 * 1024 * 1024
const { fail, integer, timeout } = optionChecks('redisStore')

/**
 * Checks what `redisStore` was called with, and fills in defaults.
 *
 * @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_URL` or `ERR_CACHE_DURATION`.
 */
export function redisSettings(...given: [] | [options: string | URL | RedisStoreOptions]): RedisSettings {
  const options = optionsGiven<RedisStoreOptions>('redisStore', given)
  if (isClient(options)) fail('a client is given by name: redisStore({ client })')
  checkOptions('redisStore', options, KNOWN)
  const { client } = options
  if (client !== undefined) {
    checkClient('redisStore', client, METHODS)
    const { scaleReads = 'master', role = 'master' } = client.options
    if (scaleReads !== 'master' || role !== 'master') {
      fail(
        "'client' must read primaries only, as replicas lag behind: make it with scaleReads and role 'master'",
      )
    }
    const extra = ONLY_CONNECTION.find(name => options[name] !== undefined)
    if (extra !== undefined) fail(`'client' has its own connection, so '${extra}' can't be given with it`)
  }
  return {
    ...addressSettings('redisStore', options),
    client,
    connectTimeout: timeout('connectTimeout', options.connectTimeout) ?? 500,
    commandTimeout: timeout('commandTimeout', options.commandTimeout),
    socketTimeout: timeout('socketTimeout', options.socketTimeout) ?? 300,
    maxValueBytes: integer('maxValueBytes', options.maxValueBytes, 1, MAX_REDIS_VALUE) ?? DEFAULT_MAX_VALUE,
  }
}

function isClient(value: unknown): boolean {
  return missingMethod(value, METHODS) === undefined
}
