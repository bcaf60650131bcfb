import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort, type Server, startRedis } from '../../../tests/servers/index.js'

export interface ClusterServers {
  readonly nodes: readonly Server[]
  stop(): Promise<void>
}

const SLOTS = 16_384

/** Starts a Redis Cluster of three masters that share all slots. */
export async function startCluster(): Promise<ClusterServers> {
  const directory = mkdtempSync(join(tmpdir(), 'lookaside-cluster-'))
  const buses = await Promise.all([freePort(), freePort(), freePort()])
  const nodes = await Promise.all(
    buses.map(bus =>
      startRedis(
        ...['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-node-timeout', '3000'],
        ...['--dir', directory, '--cluster-config-file', `nodes-${bus}.conf`],
      ),
    ),
  )
  const admins = nodes.map(node => new Redis(node.port))
  const share = Math.ceil(SLOTS / nodes.length)
  for (const [index, admin] of admins.entries()) {
    await admin.cluster('ADDSLOTSRANGE', index * share, Math.min((index + 1) * share, SLOTS) - 1)
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
    await admin.call('CLUSTER', 'MEET', '127.0.0.1', `${nodes[0]?.port}`, `${buses[0]}`)
  }
  for (const admin of admins) {
    while (true) {
      const info = String(await admin.cluster('INFO'))
      if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) break
      await sleep(20)
    }
    admin.disconnect()
  }
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map(node => node.stop()))
      rmSync(directory, { recursive: true })
    },
  }
}
