import { CacheError, checkWireKey, quote, type StoreShards } from '@lookaside/core'
import type { MemcachedExchange } from './memcached-exchange.js'
import { addressOf } from './memcached-failure.js'

/** For how many names the keys are remembered; one that was forgotten is searched again. */
const MAX_NAMES = 64
/** So many that a server which keeps any fair share of the keys is found. */
const TRIES_PER_SERVER = 200

/**
 * The servers of a fleet as shards, in the order in which the client has them: each keeps the keys it is sent.
 *
 * `keyOn` gives the first of `name`, `name~1`, `name~2` … that the client places on the server, whichever servers are
 * up: so on our own ring the same server has the same key, in whatever order the servers are listed. A server on
 * which an injected client places none of them gets `name~host:port`, which another server keeps then: it goes when
 * that one goes, and nothing else is different.
 *
 * `keyOn` throws `ERR_CACHE_KEY` for a name too long to be lengthened, `ERR_CACHE_OPTION` for a shard that isn't there.
 */
export function memcachedShards(exchange: MemcachedExchange): StoreShards {
  const count = exchange.servers.length
  const keysByName = new Map<string, string[]>()

  function keysOf(name: string): string[] {
    const known = keysByName.get(name)
    if (known) return known
    const [oldest] = keysByName.size < MAX_NAMES ? [] : keysByName.keys()
    if (oldest !== undefined) keysByName.delete(oldest)
    const keys: string[] = []
    keysByName.set(name, keys)
    return keys
  }

  /** Remembers what it finds for other servers on the way. */
  function search(name: string, shard: number, keys: string[]): string | undefined {
    for (let attempt = 0; attempt < TRIES_PER_SERVER * count; attempt++) {
      const key = attempt === 0 ? name : `${name}~${attempt}`
      checkWireKey(key)
      const index = exchange.indexOf(key)
      keys[index] ??= key
      if (index === shard) return keys[index]
    }
    return undefined
  }

  return {
    count,
    of: key => exchange.indexOf(key),
    keyOn(shard, name) {
      const keys = keysOf(name)
      const known = keys[shard]
      if (known !== undefined) return known
      const server = exchange.servers[shard]
      if (server === undefined) {
        throw new CacheError(
          'ERR_CACHE_OPTION',
          `keyOn: a shard must be an integer from 0 to ${count - 1}; received ${quote(shard)}`,
        )
      }
      const found = search(name, shard, keys) ?? `${name}~${addressOf(server)}`
      checkWireKey(found)
      keys[shard] = found
      return found
    },
  }
}
