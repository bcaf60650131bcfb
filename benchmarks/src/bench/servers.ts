import { type LocalServer, startMemcached } from '@lookaside/example-servers'
import { startRedis } from '../redis-server.js'

/** Servers of our own, each started when first asked for. */
export interface Servers {
  redis(): Promise<string>
  memcached(): Promise<string>
  stop(): Promise<void>
}

export function servers(): Servers {
  const started = new Map<string, Promise<LocalServer>>()
  async function urlOf(name: string, start: () => Promise<LocalServer>): Promise<string> {
    const server = started.get(name) ?? start()
    started.set(name, server)
    return (await server).url
  }
  return {
    redis: () => urlOf('redis', startRedis),
    memcached: () => urlOf('memcached', startLargeMemcached),
    async stop() {
      // One that did not start has been told of already.
      const servers = await Promise.allSettled(started.values())
      await Promise.all(servers.map(one => (one.status === 'fulfilled' ? one.value.stop() : undefined)))
    },
  }
}

/** One that takes values of a megabyte, and has room for all of them. */
async function startLargeMemcached(): Promise<LocalServer> {
  const server = await startMemcached({ maxItemSize: '2m', memoryMegabytes: 512 })
  if (server !== undefined) return server
  throw new Error('cannot start memcached: install it, so that the PATH has it')
}
