import { CacheError } from '@lookaside/core'
import { asError } from './as-error.js'
import type { Connection, RedisClient } from './redis-client.js'

/** Commands over many keys, which a Cluster has only for keys of one slot. */
export interface Keyspace {
  /** In the order of `keys`. */
  read(keys: readonly string[]): Promise<(Buffer | Error | null)[]>
  unlink(keys: readonly (string | Buffer)[]): Promise<void>
  /** Unlinks all keys that start with `prefix`. */
  clear(prefix: string): Promise<void>
}

/** How many keys one SCAN looks at. */
const SCAN_COUNT = 1_000

/** The keys of one server, or of all masters of a Cluster. */
export function keyspaceOf(connection: Connection): Keyspace {
  const { client } = connection
  return typeof client.nodes === 'function' ? clusterKeyspace(client, connection) : serverKeyspace(client)
}

function serverKeyspace(client: RedisClient): Keyspace {
  async function unlink(keys: readonly (string | Buffer)[]) {
    await client.unlink([...keys])
  }
  return {
    read: keys => client.mgetBuffer([...keys]),
    unlink,
    clear: prefix => clearOn(client, client.options.keyPrefix ?? '', prefix, unlink),
  }
}

/**
 * One command per key, all written at once: they travel together to each node, a node that fails costs only its
 * own keys, and a key whose slot has moved is redirected by itself.
 */
function clusterKeyspace(client: RedisClient, { name }: Connection): Keyspace {
  async function unlink(keys: readonly (string | Buffer)[]) {
    await Promise.all(keys.map(key => client.unlink([key])))
  }
  return {
    read: keys => Promise.all(keys.map(key => client.getBuffer(key).catch(asError))),
    unlink,
    async clear(prefix) {
      // Only a cluster that has answered knows its masters.
      await client.ping()
      const masters = client.nodes?.('master') ?? []
      if (masters.length === 0) {
        throw new CacheError(
          'ERR_CACHE_UNAVAILABLE',
          `${name} knows of no master, so nothing was cleared; try again`,
        )
      }
      const { keyPrefix = '' } = client.options
      const outcomes = await Promise.allSettled(masters.map(node => clearOn(node, keyPrefix, prefix, unlink)))
      const failure = outcomes.find(outcome => outcome.status === 'rejected')
      if (failure !== undefined) throw failure.reason
    },
  }
}

async function clearOn(
  node: RedisClient,
  keyPrefix: string,
  prefix: string,
  unlink: (keys: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  const pattern = `${escapeGlob(keyPrefix + prefix)}*`
  // ioredis puts its `keyPrefix` before the keys of a command, but neither in a pattern nor off an answer.
  const own = Buffer.byteLength(keyPrefix)
  let cursor = '0'
  do {
    const [next, keys] = await node.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
    if (keys.length > 0) await unlink(keys.map(key => key.subarray(own)))
    cursor = next.toString()
  } while (cursor !== '0')
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}
