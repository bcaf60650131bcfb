import { isIPv6 } from 'node:net'
import { CacheError, quote } from '@lookaside/core'

/** What a `redis://` URL says. */
export interface RedisAddress {
  readonly host: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls: boolean
}

const SCHEME = /^rediss?:\/\//i
const SHAPE = 'redis://[[user]:password@]host[:port][/database], or rediss:// for TLS'

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS.
 *
 * @throws CacheError `ERR_CACHE_URL` for anything else, query parameters included; the message shows the URL
 * without its credentials.
 */
export function parseRedisUrl(text: unknown): RedisAddress {
  if (typeof text !== 'string' || !SCHEME.test(text)) fail(text, 'The scheme must be redis:// or rediss://')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) {
    fail(text, "Check its port, and percent-encode '/', '#', '?' and '@' in the user and password")
  }
  if (url.hostname === '') fail(text, 'It names no host')
  if (url.search !== '' || url.hash !== '')
    fail(text, 'Parameters are not taken from the URL: give them as options')
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1]
  if (database === undefined)
    fail(text, 'After the host only the number of a database may follow, such as /2')
  // The brackets of an IPv6 address belong to the URL.
  const host = decoded(url.hostname.replace(/^\[(.*)\]$/, '$1'), text)
  if (!isHost(host)) fail(text, "Its '@' and ':' separate user, password, host and port: don't encode those")
  return {
    host,
    tls: url.protocol === 'rediss:',
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { username: decoded(url.username, text) }),
    ...(url.password === '' ? {} : { password: decoded(url.password, text) }),
    ...(database === '' ? {} : { db: Number(database) }),
  }
}

/** Whether it is the name or address of a host and nothing more; a whole URL would show its password in every name. */
export function isHost(text: string): boolean {
  return isIPv6(text) || !/[\s:/@?#]/.test(text)
}

function decoded(part: string, text: unknown): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return fail(text, 'A % must be followed by two hexadecimal digits; write % itself as %25')
  }
}

function fail(text: unknown, reason: string): never {
  const received = typeof text === 'string' ? quote(redacted(text)) : `a value of type ${typeof text}`
  throw new CacheError(
    'ERR_CACHE_URL',
    `the URL of a Redis must be ${SHAPE}; received ${received}. ${reason}`,
  )
}

/**
 * The text without what may be a password: before the last '@', where a port should be, and in parameters.
 *
 * In a URL that isn't well-formed a password may hold any character, and its '@' may be missing or encoded.
 */
export function redacted(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][\w+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  const shown = rest
    .replace(/^.*(?:@|%40)/is, '***@')
    .replace(/[?#].*$/s, '?***')
    .replace(/(\[[\da-f:.]*\])|:(?!\d{1,5}(?:\/|$)).*$/gis, (_, address?: string) => address ?? ':***')
    .replace(/(:\d{1,5}\/)(?![\d/]*$).*$/s, '$1***')
  return scheme + shown
}
