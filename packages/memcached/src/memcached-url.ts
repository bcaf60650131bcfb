import { CacheError } from '@lookaside/core'

const DEFAULT_PORT = 11211
const SCHEME = 'memcached://'
const FORM = 'memcached://[user:password@]host[:port][,host[:port]…]'

/** Where one memcached listens. */
export interface MemcachedAddress {
  readonly host: string
  readonly port: number
}

/** What a `memcached://` URL says. */
export interface ParsedMemcachedUrl {
  readonly addresses: readonly MemcachedAddress[]
  readonly username: string | undefined
  readonly password: string | undefined
}

/**
 * Reads a `memcached://` URL: one user for the fleet, percent-encoded, and one or more servers.
 *
 * @throws CacheError `ERR_CACHE_URL`, with nothing in its message that could be a password.
 */
export function parseMemcachedUrl(url: unknown): ParsedMemcachedUrl {
  if (typeof url !== 'string') {
    throw new CacheError(
      'ERR_CACHE_URL',
      `the URL of a memcached store is a string, ${FORM}; received a value of type ${typeof url}`,
    )
  }
  const refuse = (what: string) =>
    new CacheError('ERR_CACHE_URL', `${what}; expected ${FORM}, received '${withoutSecrets(url)}'`)
  if (!url.toLowerCase().startsWith(SCHEME))
    throw refuse('the URL of a memcached store starts with memcached://')
  const authority = url.slice(SCHEME.length).replace(/\/$/, '')
  const at = authority.lastIndexOf('@')
  const [username, password] = at < 0 ? [] : readUser(authority.slice(0, at), refuse)
  const addresses = authority
    .slice(at + 1)
    .split(',')
    .map(text => {
      const address = parseAddress(text)
      if (!address)
        throw refuse('every server is a host with an optional port from 1 to 65535, and nothing follows them')
      return address
    })
  return { addresses, username, password }
}

/** Reads `host`, `host:port` or `[ipv6]:port`; `undefined` when it is none of these. */
export function parseAddress(text: string): MemcachedAddress | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\],]+))(?::(\d{1,5}))?$/i.exec(text)
  if (!match) return undefined
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host: (match[1] ?? match[2]) as string, port } : undefined
}

/**
 * The text without what may be a password: before the last `@`, where a port should be, and in a query.
 *
 * In a URL that isn't well-formed a password may hold any character, and its `@` may be missing or encoded.
 */
export function withoutSecrets(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  const shown = rest
    .replace(/^.*(?:@|%40)/is, '***@')
    .replace(/[?#].*$/s, '?***')
    .replace(/(\[[\da-f:.]*\])|:(?!\d{1,5}(?:[/,]|$))[^,]*/gi, (_, address?: string) => address ?? ':***')
    .replace(/(:\d{1,5}\/).+$/s, '$1***')
  return scheme + shown
}

function readUser(text: string, refuse: (what: string) => CacheError): [string, string] {
  const colon = text.indexOf(':')
  if (colon < 1) throw refuse('a user needs a name and a password')
  if (text.includes('@') || text.includes(',')) {
    throw refuse(
      "the user stands once, before the first server; write an '@' in a password as %40, a ',' as %2C",
    )
  }
  try {
    return [decodeURIComponent(text.slice(0, colon)), decodeURIComponent(text.slice(colon + 1))]
  } catch {
    throw refuse("the user's name and password are percent-encoded; write a '%' in them as %25")
  }
}
