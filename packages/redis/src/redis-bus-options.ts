import { checkOptions, type Duration, quote } from '@lookaside/core'
import {
  ADDRESS_OPTIONS,
  type AddressSettings,
  addressSettings,
  type RedisAddressOptions,
} from './redis-address-options.js'
import type { LineTiming } from './redis-line.js'
import { checkClient, missingMethod, optionChecks, optionsGiven } from './redis-option-checks.js'
import type { RedisNode, RedisNodes } from './redis-origin.js'

/** How long a bus waits for its server. */
export interface RedisBusTimeouts {
  /**
   * How long one attempt to connect may take, until the bus hears of everything; from 1 ms to 24 days.
   *
   * @default '500ms'
   */
  readonly connectTimeout?: Duration
  /**
   * How long an answer may take, to a message or to a heartbeat; then the connection is given up, with all messages
   * that wait on it, and opened again. From 1 ms to 24 days.
   *
   * @default '500ms'
   */
  readonly socketTimeout?: Duration
}

/** Where the Redis of a bus is. */
export interface RedisBusConnectionOptions extends RedisAddressOptions, RedisBusTimeouts {}

/** A client that the application made, of which a bus makes connections of its own. */
export interface RedisBusInjection extends RedisBusTimeouts {
  /**
   * A `Redis`, also through Sentinel, or a `Cluster` of ioredis: it says where the servers are and how to log in. It
   * is sent nothing and never closed (only a Cluster that waits to be used is told to connect), and its `keyPrefix`
   * counts for channels and keys.
   */
  readonly client: RedisBusClient
}

/** The part of an ioredis client that a bus uses. */
export type RedisBusClient = RedisNode | RedisNodes

/** What `redisBus` takes first: where the server is, or a client that knows. */
export type RedisBusOptions =
  | (RedisBusConnectionOptions & { readonly client?: never })
  | (RedisBusInjection & { readonly [Name in keyof RedisAddressOptions]?: never })

/** How a bus learns of changes. */
export type RedisBusMode = 'pubsub' | 'tracking'

/** How a bus works. */
export interface RedisBusSettings<Mode extends RedisBusMode = RedisBusMode> {
  /**
   * - `'pubsub'`: the caches tell each other, by PUBLISH and SUBSCRIBE; for every Redis.
   * - `'tracking'`: the server tells of every key that changes, whoever changes it, by client tracking; for Redis 6.0
   *   or later.
   *
   * @default 'pubsub'
   */
  readonly mode?: Mode
  /**
   * How long after its last answer the server is asked for a sign of life; from 1 ms to 24 days. A server that hangs is
   * noticed after this and `socketTimeout`; with `'pubsub'`, FLUSHALL after this.
   *
   * @default '1s'
   */
  readonly heartbeat?: Duration
}

/** What a bus is made from, checked, with defaults filled in. */
export interface CheckedBusOptions {
  readonly source: RedisBusClient | AddressSettings
  readonly mode: RedisBusMode
  readonly timing: LineTiming
}

export type RedisBusArguments =
  | []
  | [where: string | URL | RedisBusOptions, how?: RedisBusSettings | undefined]

const WHAT = 'redisBus'
const MODES: readonly unknown[] = ['pubsub', 'tracking']
const KNOWN = [...ADDRESS_OPTIONS, 'connectTimeout', 'socketTimeout', 'client']
const NODE_METHODS = ['duplicate', 'on', 'off']

/**
 * Checks what `redisBus` was called with.
 *
 * @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_URL` or `ERR_CACHE_DURATION`.
 */
export function redisBusOptions(...given: RedisBusArguments): CheckedBusOptions {
  const { fail, timeout } = optionChecks(WHAT)
  const [, how = {}] = given
  checkOptions(`the second argument of ${WHAT}`, how, ['mode', 'heartbeat'])
  const { mode = 'pubsub' } = how
  if (!MODES.includes(mode)) fail(`'mode' must be 'pubsub' or 'tracking'; received ${quote(mode)}`)
  const options = optionsGiven<RedisBusOptions>(WHAT, given)
  if (missingMethod(options, NODE_METHODS) === undefined)
    fail(`a client is given by name: ${WHAT}({ client })`)
  checkOptions(WHAT, options, KNOWN)
  const { client } = options
  if (client !== undefined) {
    checkClient(WHAT, client, NODE_METHODS)
    if ('role' in client.options && client.options.role === 'slave') {
      fail("'client' must lead to the primary, as replicas lag behind: make it with role 'master'")
    }
    const extra = ADDRESS_OPTIONS.find(name => options[name] !== undefined)
    if (extra !== undefined) fail(`'client' has its own connection, so '${extra}' can't be given with it`)
  }
  return {
    source: client ?? addressSettings(WHAT, options),
    mode,
    timing: {
      connectTimeout: timeout('connectTimeout', options.connectTimeout) ?? 500,
      socketTimeout: timeout('socketTimeout', options.socketTimeout) ?? 500,
      heartbeat: timeout('heartbeat', how.heartbeat) ?? 1_000,
    },
  }
}
