import { CacheError, type CacheStore, isCacheError, nearestName, quote } from '@lookaside/core'
import { z } from 'zod'

/** What stands behind a URL scheme. */
interface Scheme {
  readonly form: string
  open(url: string): Promise<CacheStore>
}

/** The schemes of cache URLs. Each adapter is imported when its scheme is used, and not before. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  memory: {
    form: 'memory:',
    async open(url) {
      const options = queryOf(url, MEMORY_QUERY)
      const { lruStore } = await adapter('@lookaside/lru', () => import('@lookaside/lru'))
      return lruStore(options)
    },
  },
  redis: { form: 'redis://user:password@host:6379/0', open: openRedis },
  rediss: { form: 'rediss://user:password@host:6379/0', open: openRedis },
  memcached: {
    form: 'memcached://host1:11211,host2:11211',
    async open(url) {
      const { memcachedStore } = await adapter('@lookaside/memcached', () => import('@lookaside/memcached'))
      return memcachedStore(url)
    },
  },
}

const MEMORY_QUERY = z.strictObject({
  maxEntries: z.coerce.number().int().positive().default(10_000),
})

/** Opens the store that a URL names. @throws CacheError `ERR_CACHE_URL` */
export async function openStore(url: string): Promise<CacheStore> {
  const name = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() : undefined
  const scheme = name !== undefined && Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : undefined
  if (scheme !== undefined) return scheme.open(url)
  const meant = whatWasMeant(url, name)
  const forms = Object.values(SCHEMES).map(({ form }) => form)
  const received = name === undefined ? quote(redacted(url)) : `the scheme ${quote(`${name}:`)}`
  throw new CacheError(
    'ERR_CACHE_URL',
    `a cache URL has one of the forms ${forms.join(', ')}; received ${received}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  )
}

const MEMCACHED_PORT = 11_211

/** The scheme that is nearly there, or that a bare host and port lack. */
function whatWasMeant(url: unknown, name: string | undefined): string | undefined {
  if (typeof url !== 'string') return undefined
  const near = nearestName(name ?? url, Object.keys(SCHEMES))
  if (near !== undefined) return `${near}:`
  const port = /^[\w.-]+:(\d{1,5})$/.exec(url)?.[1]
  if (port === undefined) return undefined
  return `${Number(port) === MEMCACHED_PORT ? 'memcached' : 'redis'}://${url}`
}

async function openRedis(url: string): Promise<CacheStore> {
  const { redisStore } = await adapter('@lookaside/redis', () => import('@lookaside/redis'))
  return redisStore(url)
}

/** Imports an adapter, or says which package to install. */
async function adapter<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (isCacheError(cause) || (cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new CacheError(
      'ERR_CACHE_URL',
      `this cache URL needs the package ${name}: install it with npm install ${name}`,
      {
        cause,
      },
    )
  }
}

function queryOf<T>(url: string, schema: z.ZodType<T>): T {
  const rest = url.slice(url.indexOf(':') + 1)
  const [path = '', query = ''] = rest.split('?', 2)
  const parsed = schema.safeParse(Object.fromEntries(new URLSearchParams(query)))
  if (path.replaceAll('/', '') === '' && parsed.success) return parsed.data
  const problem = parsed.success ? 'memory: has no host and no path' : z.prettifyError(parsed.error)
  throw new CacheError(
    'ERR_CACHE_URL',
    `expected memory: or memory:?maxEntries=10000; received ${quote(redacted(url))}: ${problem}`,
  )
}

/** Without what may be a password: all up to the last '@'. */
function redacted(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/^(\s*[a-z][a-z0-9+.-]*:)?(\/\/)?.*@/is, '$1$2***@') : url
}
