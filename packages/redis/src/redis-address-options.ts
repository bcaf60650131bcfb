import type { ConnectionOptions } from 'node:tls'
import { quote } from '@lookaside/core'
import { optionChecks } from './redis-option-checks.js'
import { isHost, parseRedisUrl, redacted } from './redis-url.js'

/** Where a Redis is, and who asks. */
export interface RedisAddressOptions {
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
}

/** The address with defaults filled in, checked. */
export interface AddressSettings {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: ConnectionOptions | undefined
}

export const ADDRESS_OPTIONS = ['url', 'host', 'port', 'username', 'password', 'db', 'tls'] as const

/**
 * Checks the address among the options of `what`, and fills in defaults.
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_URL`.
 */
export function addressSettings(what: string, options: RedisAddressOptions): AddressSettings {
  const { fail, integer, secret, text } = optionChecks(what)
  const { tls } = options
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    // It may be the text of a key.
    fail(
      `'tls' must be true, false or the options of tls.connect; received ${tls === null ? 'null' : `a value of type ${typeof tls}`}`,
    )
  }
  const url = options.url === undefined ? undefined : parseRedisUrl(options.url)
  const host = text('host', options.host ?? url?.host) ?? '127.0.0.1'
  if (!isHost(host)) {
    fail(
      `'host' must be a name or an IP address, and nothing more: a URL is given as 'url'; received ${quote(redacted(host))}`,
    )
  }
  const username = text('username', options.username ?? url?.username)
  const secure = tls ?? url?.tls ?? false
  return {
    host,
    port: integer('port', options.port ?? url?.port, 1, 65_535) ?? 6379,
    username,
    // AUTH takes a user only together with a password.
    password:
      secret('password', options.password ?? url?.password) ?? (username === undefined ? undefined : ''),
    db: integer('db', options.db ?? url?.db, 0, Number.MAX_SAFE_INTEGER) ?? 0,
    tls: secure === true ? {} : secure || undefined,
  }
}
