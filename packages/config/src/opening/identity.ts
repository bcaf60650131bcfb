import type { CheckedStore } from '../checking/checked-store.js'
import { isPlain } from '../reading/variables.js'
import { memcachedServers } from '../stores/memcached.js'
import { redisServer } from '../stores/redis.js'

/** The same text for stores that are the same; `undefined` for one that can't be told from others, or shared. */
export function storeIdentity(store: CheckedStore): string | undefined {
  switch (store.type) {
    case 'redis':
      return identity(['redis', { ...store.options, ...redisServer(store.options) }])
    case 'memcached':
      return identity(['memcached', { ...store.options, url: '', ...memcachedServers(store.options) }])
    case 'migrating': {
      const { to, from, options } = store
      return identity(['migrating', storeIdentity(to), storeIdentity(from), options])
    }
    case 'plugin':
      return identity(['plugin', store.name, store.options])
    default:
      return undefined
  }
}

/** A value as text, where text can tell it from all others. */
export function identity(value: unknown): string | undefined {
  return isText(value) ? JSON.stringify(value, inOrder) : undefined
}

/** Names in whatever order mean the same. */
function inOrder(_name: string, value: unknown): unknown {
  return isPlain(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}

function isText(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isText)
  if (isPlain(value)) return Object.values(value).every(item => item === undefined || isText(item))
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
