import { CacheError, nearestName, quote } from '@lookaside/core'
import type { LruConfig } from './lru.js'

const FORMS = [
  'memory:',
  'redis://user:password@host:6379/0',
  'rediss://user:password@host:6379/0',
  'memcached://host1:11211,host2:11211',
  'none:',
]
const FORM_OF: Readonly<Record<string, string>> = {
  memory: 'memory:',
  redis: 'redis://host:6379',
  rediss: 'rediss://host:6379',
  memcached: 'memcached://host:11211',
  none: 'none:',
}
const SCHEMES = Object.keys(FORM_OF)
const MEMCACHED_PORT = 11_211
const MOST_ENTRIES = 2 ** 24

/** What a URL says of a store. */
export type StoreFromUrl =
  | ({ readonly type: 'lru' } & LruConfig)
  | { readonly type: 'redis'; readonly url: string }
  | { readonly type: 'memcached'; readonly url: string }
  | { readonly type: 'none' }

/**
 * Reads the type of a store off the scheme of its URL.
 *
 * @throws CacheError `ERR_CACHE_URL` for another scheme, or a `memory:` or `none:` that says more than it can.
 */
export function storeFromUrl(url: unknown): StoreFromUrl {
  const scheme =
    typeof url === 'string' ? /^\s*([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() : undefined
  switch (scheme) {
    case 'memory':
      return { type: 'lru', maxEntries: entriesOf(url as string) }
    case 'redis':
    case 'rediss':
      return { type: 'redis', url: url as string }
    case 'memcached':
      return { type: 'memcached', url: url as string }
    case 'none':
      if (/^\s*none:(?:\/\/)?\s*$/i.test(url as string)) return { type: 'none' }
      throw refuse(`expected none:; received ${quote(withoutUser(url))}`)
    default:
      throw unknownScheme(url, scheme)
  }
}

function unknownScheme(url: unknown, scheme: string | undefined): CacheError {
  const meant = whatWasMeant(url, scheme)
  const received = scheme === undefined ? quote(withoutUser(url)) : `the scheme ${quote(`${scheme}:`)}`
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return refuse(`a cache URL has one of the forms ${FORMS.join(', ')}; received ${received}${hint}`)
}

/** The scheme that is nearly there, or that a bare host and port lack. */
function whatWasMeant(url: unknown, scheme: string | undefined): string | undefined {
  if (typeof url !== 'string') return undefined
  const near = nearestName(scheme ?? url, SCHEMES)
  if (near !== undefined) return FORM_OF[near]
  const port = /^[\w.-]+:(\d{1,5})$/.exec(url)?.[1]
  if (port === undefined) return undefined
  return `${Number(port) === MEMCACHED_PORT ? 'memcached' : 'redis'}://${url}`
}

/** How many entries `memory:?maxEntries=10000` says; `undefined` for `memory:`. */
function entriesOf(url: string): number | undefined {
  const form = /^\s*memory:(?:\/\/)?(?:\?(.*))?$/i.exec(url.trimEnd())
  const parameters = form === null ? undefined : [...new URLSearchParams(form[1])]
  if (parameters?.length === 0) return undefined
  if (parameters?.length === 1 && parameters[0]?.[0] === 'maxEntries') {
    const entries = Number(parameters[0][1])
    if (Number.isInteger(entries) && entries >= 1 && entries <= MOST_ENTRIES) return entries
  }
  throw refuse(
    `expected memory: or memory:?maxEntries=10000, an integer from 1 to ${MOST_ENTRIES}; received ${quote(withoutUser(url))}`,
  )
}

/** Without what may be a password: all up to the last '@'. */
function withoutUser(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/^(\s*[a-z][a-z0-9+.-]*:)?(\/\/)?.*@/is, '$1$2***@') : url
}

function refuse(message: string): CacheError {
  return new CacheError('ERR_CACHE_URL', message)
}
