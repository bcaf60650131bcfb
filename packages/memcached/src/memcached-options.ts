import {
  CacheError,
  checkOptions,
  type Duration,
  type Milliseconds,
  parseDuration,
  quote,
} from '@lookaside/core'
import {
  type Dialect,
  dialectOf,
  type MemcachedDialectName,
  type MemcachedFlags,
} from './memcached-dialect.js'
import { type MemcachedAddress, parseAddress, parseMemcachedUrl, withoutSecrets } from './memcached-url.js'
import type { MemjsClient } from './memjs-client.js'

/** How values are kept, on a client of the store's own or of the application. */
export interface MemcachedValueOptions {
  /**
   * The largest value in bytes; a larger one is refused with `ERR_CACHE_TOO_LARGE` before it is sent. An integer from
   * 1 to 1073741824. memcached's own limit (its `-I` option, 1 MiB unless set) includes the key and some overhead:
   * stay 512 bytes below it.
   *
   * @default 1048064
   */
  readonly maxValueBytes?: number
  /**
   * Which clients of other languages share values without a frame, those of the codecs `'raw'`, `'raw-json'` and
   * `'raw-bytes'`: decides the flags that such values are written with, and which flags are read. A value with others,
   * serialised or compressed by its client, is a miss. Every process that shares these values must name the same.
   *
   * A store sees bytes alone: what is UTF-8 counts as text, and a JSON object or list as JSON. Counters that
   * `increment` makes have the flags 0. Frames are read whatever their flags are.
   *
   * @default 'plain'
   */
  readonly dialect?: MemcachedDialectName | MemcachedFlags
}

/** Where the memcached servers are, and how to talk to them. */
export interface MemcachedConnectionOptions extends MemcachedValueOptions {
  /** `memcached://[user:password@]host[:port][,host[:port]…]`, instead of `servers`. */
  readonly url?: string
  /**
   * The servers, each `host` or `host:port` (`[address]:port` for IPv6). Every process must name the same ones in the
   * same words: the names decide which server has which key.
   *
   * @default ['127.0.0.1:11211']
   */
  readonly servers?: readonly string[]
  /**
   * User to authenticate as, by SASL PLAIN.
   *
   * @default the URL's; without one, no authentication
   */
  readonly username?: string
  /** Password of that user. */
  readonly password?: string
  /**
   * How long a server that owes replies may send nothing; then all of them fail, and the next request opens a new
   * connection. From 1 ms to 24 days.
   *
   * The default is less than the cache's default timeout of a store call, 200 ms: so a batch is answered in time for
   * the keys of the other servers when one falls silent. Where you raise it, raise `storeTimeout` of the cache too.
   *
   * @default '120ms'
   */
  readonly timeout?: Duration
  /**
   * How long it may take to connect and to authenticate; requests wait for it. From 1 ms to 24 days.
   *
   * @default '500ms' for a single server, '120ms' for each of several, for the reason given at `timeout`
   */
  readonly connectTimeout?: Duration
  /**
   * How many requests may be under way at each server; more are refused with `ERR_CACHE_QUEUE_FULL`. An integer from
   * 1 to 1000000.
   *
   * @default 10000
   */
  readonly maxQueue?: number
}

/** A client that the application made. */
export interface MemcachedInjection extends MemcachedValueOptions {
  /**
   * A `Client` of memjs. The store uses its servers, its connections and its way to place keys, but neither its
   * retries nor its failover, and never closes it.
   *
   * What memjs itself does to a connection stays as it is: give an own `logger`, and a `timeout` in seconds. A
   * `getServer` of your own must name the same server for a key always, whichever servers are up: one that moves keys
   * away from a dead server shows what that held before when it returns.
   */
  readonly client: MemjsClient
}

type OnlyConnection = Exclude<keyof MemcachedConnectionOptions, keyof MemcachedValueOptions>

/** What `memcachedStore` takes: where the servers are, or a client that knows. */
export type MemcachedStoreOptions =
  | (MemcachedConnectionOptions & { readonly client?: never })
  | (MemcachedInjection & { readonly [Name in OnlyConnection]?: never })

/** How the connection to each server behaves. */
export interface MemcachedServerSettings {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly timeout: Milliseconds
  readonly connectTimeout: Milliseconds
  readonly maxQueue: number
}

/** The options with defaults filled in, checked. */
export interface MemcachedSettings extends MemcachedServerSettings {
  readonly client: MemjsClient | undefined
  readonly addresses: readonly MemcachedAddress[]
  readonly maxValueBytes: number
  readonly dialect: Dialect
}

const ONLY_CONNECTION: readonly OnlyConnection[] = [
  'url',
  'servers',
  'username',
  'password',
  'timeout',
  'connectTimeout',
  'maxQueue',
]
const KNOWN = [...ONLY_CONNECTION, 'maxValueBytes', 'dialect', 'client']
/** Falling back on a server of this machine would hide what went wrong. */
const IS_IT_SET = 'is the environment variable set? memcachedStore() without arguments uses 127.0.0.1:11211'
const DEFAULT_SERVERS = ['127.0.0.1:11211']
/** memcached's 1 MiB less what an item takes besides its value: at most 250 bytes of key and 63 of its own. */
const DEFAULT_MAX_VALUE = 1_048_576 - 512
/** The most that memcached can be told to take. */
const MAX_VALUE = 2 ** 30
/** The longest span a timer takes. */
const MAX_TIMEOUT: Milliseconds = 2 ** 31 - 1

/**
 * Checks what `memcachedStore` was called with, and fills in defaults.
 *
 * @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_URL` or `ERR_CACHE_DURATION`.
 */
export function memcachedSettings(
  ...given: [] | [options: string | URL | MemcachedStoreOptions]
): MemcachedSettings {
  const [input = {}] = given
  if (given.length > 0 && given[0] === undefined) fail(`it received undefined; ${IS_IT_SET}`)
  const options = typeof input === 'string' || input instanceof URL ? { url: String(input) } : input
  if (isClient(options)) fail('a client is given by name: memcachedStore({ client })')
  // Without showing what it holds: the URL of a server may hold a password.
  if (Array.isArray(options)) fail('a list of servers is given by name: memcachedStore({ servers })')
  checkOptions('memcachedStore', options, KNOWN)
  if ('url' in options && options.url === undefined) fail(`'url' is undefined; ${IS_IT_SET}`)
  const { client } = options
  if (client !== undefined) {
    if (!isClient(client))
      fail(`'client' must be a Client of memjs with at least one server; received ${foreign(client)}`)
    const extra = ONLY_CONNECTION.find(name => options[name] !== undefined)
    if (extra !== undefined) fail(`'client' has its own connections, so '${extra}' can't be given with it`)
  }
  if (options.url !== undefined && options.servers !== undefined) {
    fail("'url' names the servers already, so 'servers' can't be given with it")
  }
  const url = options.url === undefined ? undefined : parseMemcachedUrl(options.url)
  const username = credential('username', options.username ?? url?.username)
  const password = credential('password', options.password ?? url?.password)
  if ((username === undefined) !== (password === undefined))
    fail("'username' and 'password' go together; give both")
  const addresses = distinct(url?.addresses ?? addressesOf(options.servers ?? DEFAULT_SERVERS))
  return {
    client,
    addresses,
    username,
    password,
    timeout: timeout('timeout', options.timeout) ?? 120,
    connectTimeout: timeout('connectTimeout', options.connectTimeout) ?? (addresses.length > 1 ? 120 : 500),
    maxQueue: integer('maxQueue', options.maxQueue, 1_000_000) ?? 10_000,
    maxValueBytes: integer('maxValueBytes', options.maxValueBytes, MAX_VALUE) ?? DEFAULT_MAX_VALUE,
    dialect: dialectOf(options.dialect),
  }
}

function addressesOf(servers: unknown): MemcachedAddress[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    const received = Array.isArray(servers) ? 'an empty list' : discreetly(servers)
    fail(`'servers' must be a list of at least one 'host:port'; received ${received}`)
  }
  return servers.map(
    server =>
      (typeof server === 'string' ? parseAddress(server) : undefined) ??
      fail(
        `'servers' must hold 'host' or 'host:port' with a port from 1 to 65535; received ${discreetly(server)}`,
      ),
  )
}

/** What was given for a server, without what may be a password. */
function discreetly(given: unknown): string {
  if (typeof given === 'string') return quote(withoutSecrets(given))
  return typeof given === 'object' && given !== null ? 'an object' : quote(given)
}

function distinct(addresses: readonly MemcachedAddress[]): readonly MemcachedAddress[] {
  const seen = new Set<string>()
  for (const { host, port } of addresses) {
    const name = `${host}:${port}`
    if (seen.has(name)) fail(`${name} stands among the servers twice; name each server once`)
    seen.add(name)
  }
  return addresses
}

function credential(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return fail(`'${name}' must be a non-empty string; received ${value === '' ? "''" : `a ${typeof value}`}`)
}

function integer(name: string, value: unknown, max: number): number | undefined {
  if (value === undefined) return undefined
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number
  return fail(`'${name}' must be an integer from 1 to ${max}; received ${quote(value)}`)
}

function timeout(name: string, value: Duration | undefined): Milliseconds | undefined {
  if (value === undefined) return undefined
  const ms = parseDuration(value, `'${name}' of memcachedStore`)
  if (ms >= 1 && ms <= MAX_TIMEOUT) return ms
  return fail(`'${name}' must be from 1 to ${MAX_TIMEOUT} ms (24 days); received ${quote(value)}`)
}

/** What it is, but not what it holds: that may be a password. */
function foreign(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return `a value of type ${value === null ? 'null' : typeof value}`
  const { servers, incrSeq } = value as Record<string, unknown>
  if (!Array.isArray(servers) || servers.length === 0) return 'an object without servers'
  return `an object without ${typeof incrSeq === 'function' ? 'getServer' : 'incrSeq'}()`
}

function isClient(value: unknown): boolean {
  const client = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const { servers, incrSeq, getServer } = client
  return (
    Array.isArray(servers) &&
    servers.length > 0 &&
    typeof incrSeq === 'function' &&
    typeof getServer === 'function'
  )
}

function fail(message: string): never {
  throw new CacheError('ERR_CACHE_OPTION', `memcachedStore: ${message}`)
}
