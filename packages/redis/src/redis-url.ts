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
  return {
    // The brackets of an IPv6 address belong to the URL.
    host: decoded(url.hostname.replace(/^\[(.*)\]$/, '$1'), text),
    tls: url.protocol === 'rediss:',
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { username: decoded(url.username, text) }),
    ...(url.password === '' ? {} : { password: decoded(url.password, text) }),
    ...(database === '' ? {} : { db: Number(database) }),
  }
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

/** A password may hold any character in a URL that isn't well-formed: so up to the last '@' all is hidden. */
function redacted(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1***@')
}
