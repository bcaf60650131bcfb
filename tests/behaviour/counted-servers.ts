import { once } from 'node:events'
import { connect } from 'node:net'
import type { RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type Server, startMemcached, startRedis } from '../servers/index.js'

/** How often a server did what, by its own account. */
type Counts = Readonly<Record<string, number>>

/** A server of a test's own, which nobody else sends anything. */
export interface CountedServer {
  openStore(): RemoteStore
  /** What the server did while `work` ran. */
  during(work: () => Promise<unknown>): Promise<Counts>
}

/** What connections and these tests themselves send. */
const NOT_COUNTED = new Set(['info', 'config|resetstat', 'ping', 'hello', 'client|setinfo', 'script|load'])

/** Counts commands, those of scripts as well: `INFO commandstats`. */
export async function countedRedis(...args: string[]): Promise<CountedServer & { readonly server: Server }> {
  const server = await startRedis(...args)
  const client = new Redis(`redis://${server.address}`)
  onTestFinished(async () => {
    client.disconnect()
    await server.stop()
  })
  return {
    server,
    openStore: () =>
      redisStore({ url: `redis://${server.address}`, socketTimeout: '5s', connectTimeout: '5s' }),
    async during(work) {
      await client.config('RESETSTAT')
      await work()
      const lines = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
      const counts = [...lines].map(([, name = '', calls]) => [name, Number(calls)] as const)
      return Object.fromEntries(counts.filter(([name]) => !NOT_COUNTED.has(name)))
    },
  }
}

/** Counts the keys that were asked for, written, deleted: `stats`. */
export async function countedMemcached(): Promise<CountedServer> {
  const server = await startMemcached()
  onTestFinished(() => server.stop())
  return {
    openStore: () =>
      memcachedStore({ url: `memcached://${server.address}`, timeout: '5s', connectTimeout: '5s' }),
    async during(work) {
      const before = await stats(server.port)
      await work()
      const after = await stats(server.port)
      const counts = COUNTED.map(
        ([name, stat]) => [name, (after.get(stat) ?? 0) - (before.get(stat) ?? 0)] as const,
      )
      return Object.fromEntries(counts.filter(([, count]) => count > 0))
    },
  }
}

const COUNTED = [
  ['get', 'cmd_get'],
  ['set', 'cmd_set'],
  ['touch', 'cmd_touch'],
  ['delete hit', 'delete_hits'],
  ['delete miss', 'delete_misses'],
] as const

async function stats(port: number): Promise<ReadonlyMap<string, number>> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('stats\r\n')
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.endsWith('END\r\n')) break
  }
  return new Map(
    [...text.matchAll(/^STAT (\w+) (\d+)\r$/gm)].map(([, name = '', count]) => [name, Number(count)]),
  )
}
