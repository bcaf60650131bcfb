import { memcachedServers } from '../stores/memcached.js'
import { redisServer } from '../stores/redis.js'
import type { CheckedCache } from './check-config.js'
import type { CheckedStore } from './checked-store.js'
import type { Findings } from './findings.js'
import { pathText } from './path.js'

/** Finds caches that would take each other's keys for their own: on the same server, with the same prefix. */
export function checkSharedKeys(caches: readonly CheckedCache[], findings: Findings): void {
  const owners = new Map<string, CheckedCache>()
  for (const cache of caches) {
    const { path, store, settings } = cache
    for (const server of new Set(serversOf(store))) {
      const place = `${server} ${settings.prefix}`
      const owner = owners.get(place)
      if (owner === undefined) owners.set(place, cache)
      else {
        findings.add(
          [...path, 'prefix'],
          `'${settings.prefix}' is the prefix of ${pathText(owner.path)} too, on the same server: they would share their keys. Give each its own`,
        )
      }
    }
  }
}

/** Names the places where a store keeps its keys, each the same however it is written. */
function serversOf(store: CheckedStore): string[] {
  switch (store.type) {
    case 'redis': {
      const { host, port, db } = redisServer(store.options)
      return [`redis ${host}:${port}/${db}`]
    }
    case 'memcached':
      return memcachedServers(store.options).servers?.map(server => `memcached ${server}`) ?? []
    case 'tiered':
      return serversOf(store.remote)
    case 'migrating':
      return [...serversOf(store.to), ...serversOf(store.from)]
    default:
      return []
  }
}
