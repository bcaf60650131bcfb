import type { Place } from './redis-line.js'
import type { LineClient } from './redis-line-client.js'
import type { ClusterOrigin } from './redis-origin.js'

/** From, to, the master, and its replicas: an entry of what CLUSTER SLOTS answers. */
type Slots = readonly [unknown, unknown, readonly [host: string | null, port: number | string], ...unknown[]]

/**
 * Asks a node of a Cluster which masters hold slots.
 *
 * @throws Error where it knows of none yet.
 */
export async function clusterMasters(client: LineClient, origin: ClusterOrigin): Promise<readonly Place[]> {
  const answer = (await client.call('CLUSTER', 'SLOTS')) as readonly Slots[]
  const masters = new Map<string, Place>()
  for (const [, , [host, port]] of answer) {
    // A node that does not know its own address leaves it out.
    if (!host) continue
    const place = origin.at(host, Number(port))
    masters.set(place.key, place)
  }
  if (masters.size === 0) throw new Error('no node of the Redis Cluster holds slots')
  return [...masters.values()]
}
