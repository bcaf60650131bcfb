import { type LocalServer, startMemcached, startRedis } from '@lookaside/example-servers'

/** Where cached values can live. */
export interface Backend {
  readonly name: 'memory' | 'Redis' | 'memcached'
  readonly url: string
}

export interface Backends {
  /** The one that `cacheUrl` names comes first; memory without it. */
  readonly reachable: readonly Backend[]
  /** What is not on this machine, and how to see it all the same. */
  readonly missing: readonly string[]
  /** Stops the servers that were started. */
  stop(): Promise<void>
}

/** Memory, and a Redis and a memcached: the one of `cacheUrl` where it names one, else a server started for now. */
export async function findBackends(cacheUrl = 'memory:'): Promise<Backends> {
  const started: LocalServer[] = []
  const stop = async () => void (await Promise.all(started.map(server => server.stop())))
  const chosen: Backend = { name: backendName(cacheUrl), url: cacheUrl }
  const reachable = [chosen]
  const missing: string[] = []

  async function add(name: Backend['name'], command: string, start: () => Promise<LocalServer | undefined>) {
    if (chosen.name === name) return
    const server = await start()
    if (server === undefined) {
      missing.push(`${command} is not on this machine. To see ${name} too: install it, or set CACHE_URL.`)
    } else {
      started.push(server)
      reachable.push({ name, url: server.url })
    }
  }

  try {
    if (chosen.name !== 'memory') reachable.push({ name: 'memory', url: 'memory:' })
    await add('Redis', 'redis-server', startRedis)
    await add('memcached', 'memcached', startMemcached)
  } catch (error) {
    await stop()
    throw error
  }
  return { reachable, missing, stop }
}

/** Which kind of cache a URL names. */
export function backendName(url: string): Backend['name'] {
  if (/^redis/i.test(url)) return 'Redis'
  if (/^memcached/i.test(url)) return 'memcached'
  return 'memory'
}
