import type { ConnectionOptions } from 'node:tls'
import type { Duration, RemoteStore } from '@lookaside/core'
import { z } from 'zod'
import { duration, either, flag, integer, LONGEST_TIMER, type ShapeOf, text } from '../schema/expected.js'
import { adapter } from './adapter.js'
import { given } from './given.js'

/** Where a Redis is, and who asks. */
export interface RedisServerConfig {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS; the settings below take precedence. @default 'redis://127.0.0.1:6379/0' */
  readonly url?: string | undefined
  /** Name or IP address of the server. @default '127.0.0.1' */
  readonly host?: string | undefined
  /** Port of the server, from 1 to 65535. @default 6379 */
  readonly port?: number | undefined
  /** ACL user to log in as. @default the server's user named default */
  readonly username?: string | undefined
  /** Password to log in with. @default none: no login */
  readonly password?: string | undefined
  /** Number of the database. @default 0 */
  readonly db?: number | undefined
  /** Whether to use TLS, or how: options of `tls.connect`, such as `{ "ca": "…" }`. @default true with a rediss:// URL, else false */
  readonly tls?: boolean | ConnectionOptions | undefined
}

/** A store on Redis; needs the package `@lookaside/redis`. */
export interface RedisConfig extends RedisServerConfig {
  /** The largest value in bytes, from 1 to 512 MiB; a larger one is not stored. @default 16777216 (16 MiB) */
  readonly maxValueBytes?: number | undefined
  /** How long one attempt to connect may take; from 1 ms to 24 days. @default '500ms' */
  readonly connectTimeout?: Duration | undefined
  /** How long one command may take; from 1 ms to 24 days. @default none: `storeTimeout` of the cache */
  readonly commandTimeout?: Duration | undefined
  /** How long the server may stay silent while commands wait; from 1 ms to 24 days. @default '300ms' */
  readonly socketTimeout?: Duration | undefined
}

const URL_EXPECTED = 'a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS'
/** A name, or an address of IPv4 or IPv6. */
const HOST = /^(?:[^\s:/?#@]+|(?=.*:.*:)[\da-fA-F:.]+)$/
const MAX_VALUE = 512 * 1024 * 1024

export const REDIS_SERVER_SHAPE = {
  url: text(URL_EXPECTED, /^rediss?:\/\//i)
    .refine(isRedisUrl, { error: URL_EXPECTED })
    .optional(),
  host: text('the name or IP address of a server, without its port', HOST).optional(),
  port: integer(1, 65_535).optional(),
  username: text('the name of a user').optional(),
  password: z.string({ error: 'a string' }).optional(),
  db: integer(0).optional(),
  tls: either(
    'true, false or an object with options of tls.connect',
    flag(),
    z.record(z.string(), z.unknown()) as unknown as z.ZodType<ConnectionOptions, ConnectionOptions>,
  ).optional(),
} satisfies ShapeOf<RedisServerConfig>

export const REDIS_SHAPE = {
  ...REDIS_SERVER_SHAPE,
  maxValueBytes: integer(1, MAX_VALUE).optional(),
  connectTimeout: duration(1, LONGEST_TIMER).optional(),
  commandTimeout: duration(1, LONGEST_TIMER).optional(),
  socketTimeout: duration(1, LONGEST_TIMER).optional(),
} satisfies ShapeOf<RedisConfig>

export async function openRedis(config: RedisConfig): Promise<RemoteStore> {
  const { redisStore } = await adapter('@lookaside/redis', () => import('@lookaside/redis'))
  return redisStore(given(config))
}

/** The same for every way to name the same server and user. */
export function redisServer(config: RedisServerConfig): Required<RedisServerConfig> {
  const url = config.url === undefined ? undefined : new URL(config.url)
  const database = url?.pathname.slice(1)
  return {
    url: '',
    host: config.host ?? url?.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1') ?? '127.0.0.1',
    port: config.port ?? (Number(url?.port) || 6379),
    username: config.username ?? decodeURIComponent(url?.username ?? ''),
    password: config.password ?? decodeURIComponent(url?.password ?? ''),
    db: config.db ?? Number(database ?? 0),
    tls: config.tls ?? url?.protocol === 'rediss:',
  }
}

function isRedisUrl(given: string): boolean {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || url.hostname === '' || url.search !== '' || url.hash !== '') return false
  return /^\/?\d*$/.test(url.pathname) && canDecode(url.username) && canDecode(url.password)
}

function canDecode(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
