import type { Duration, RemoteStore } from '@lookaside/core'
import { z } from 'zod'
import {
  duration,
  either,
  integer,
  LONGEST_TIMER,
  object,
  oneOf,
  type ShapeOf,
  text,
} from '../schema/expected.js'
import { adapter } from './adapter.js'
import { given } from './given.js'

/** Which clients of other languages share values without a frame. */
export type MemcachedDialect =
  | 'plain'
  | 'python'
  | 'php'
  | 'ruby'
  | 'java'
  | 'dotnet'
  | { readonly text: number; readonly json?: number | undefined; readonly bytes?: number | undefined }

/** A store on one memcached server or several; needs the package `@lookaside/memcached`. */
export interface MemcachedConfig {
  /** `memcached://[user:password@]host[:port][,host[:port]…]`, instead of `servers`. */
  readonly url?: string | undefined
  /** The servers, each `host` or `host:port`, in the same words in every process. @default ['127.0.0.1:11211'] */
  readonly servers?: readonly string[] | undefined
  /** User to authenticate as, by SASL PLAIN; goes with `password`. @default the URL's; without one, no authentication */
  readonly username?: string | undefined
  /** Password of that user. */
  readonly password?: string | undefined
  /** How long a server that owes replies may send nothing; from 1 ms to 24 days. @default '120ms' */
  readonly timeout?: Duration | undefined
  /** How long it may take to connect and to authenticate; from 1 ms to 24 days. @default '500ms' for a single server, '120ms' for each of several */
  readonly connectTimeout?: Duration | undefined
  /** How many requests may be under way at each server, from 1 to 1000000. @default 10000 */
  readonly maxQueue?: number | undefined
  /** The largest value in bytes, from 1 to 2^30; a larger one is not stored. @default 1048064 */
  readonly maxValueBytes?: number | undefined
  /** Which clients of other languages share values without a frame: their name, or their flags. @default 'plain' */
  readonly dialect?: MemcachedDialect | undefined
}

const DEFAULT_PORT = 11_211
const URL_EXPECTED = 'a URL memcached://[user:password@]host[:port][,host[:port]…]'
const SERVER_EXPECTED = "'host' or 'host:port', with a port from 1 to 65535"
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const SERVER = String.raw`(?:\[[\da-fA-F:.]+\]|[^\s:/?#@[\],]+)(?::${PORT})?`
const ONE_SERVER = new RegExp(`^${SERVER}$`)
const SERVERS_URL = new RegExp(`^memcached://(?:[^@,]+:[^@,]*@)?${SERVER}(?:,${SERVER})*/?$`, 'i')
const MAX_VALUE = 2 ** 30
const FLAGS = integer(0, 0xffffffff)

export const MEMCACHED_SHAPE = {
  url: text(URL_EXPECTED, SERVERS_URL).optional(),
  servers: z
    .array(text(SERVER_EXPECTED, ONE_SERVER), { error: "a list of 'host:port'" })
    .min(1, { error: "a list of at least one 'host:port'" })
    .optional(),
  username: text('the name of a user').optional(),
  password: text('a string that is not empty').optional(),
  timeout: duration(1, LONGEST_TIMER).optional(),
  connectTimeout: duration(1, LONGEST_TIMER).optional(),
  maxQueue: integer(1, 1_000_000).optional(),
  maxValueBytes: integer(1, MAX_VALUE).optional(),
  dialect: either(
    "'plain', 'python', 'php', 'ruby', 'java', 'dotnet' or { text: flags }",
    oneOf('plain', 'python', 'php', 'ruby', 'java', 'dotnet'),
    object({ text: FLAGS, json: FLAGS.optional(), bytes: FLAGS.optional() }),
  ).optional(),
} satisfies ShapeOf<MemcachedConfig>

export async function openMemcached(config: MemcachedConfig): Promise<RemoteStore> {
  const { memcachedStore } = await adapter('@lookaside/memcached', () => import('@lookaside/memcached'))
  const { dialect, ...rest } = config
  const flags = typeof dialect === 'object' ? given(dialect) : dialect
  return memcachedStore(given({ ...rest, dialect: flags }))
}

/** The same for every way to name the same servers and user. */
export function memcachedServers({ url, servers, username, password }: MemcachedConfig): MemcachedConfig {
  const authority = url?.replace(/^memcached:\/\//i, '').replace(/\/$/, '')
  const at = authority?.lastIndexOf('@') ?? -1
  // A password may have colons of its own.
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(authority?.slice(0, Math.max(at, 0)) ?? '') ?? []
  const named = authority?.slice(at + 1).split(',') ?? servers ?? ['127.0.0.1']
  return {
    servers: named.map(server => (/:\d+$/.test(server) ? server : `${server}:${DEFAULT_PORT}`)),
    username: username ?? user,
    password: password ?? secret,
  }
}
