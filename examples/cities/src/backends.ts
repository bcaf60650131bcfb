import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Environment, fromUrl } from '@lookaside/config'
import { type LocalServer, startMemcached, startRedis } from '@lookaside/example-servers'

/** What the tour knows of a config file of this example; the service knows nothing of it. */
interface Kind {
  readonly name: 'memory' | 'Redis' | 'memcached' | 'tiered' | 'off'
  /** How the file is called after `cache.config`. */
  readonly file: string
  readonly server: 'redis' | 'memcached' | undefined
  /** Whether anything is kept. */
  readonly keeps: boolean
  /** Whether what has been asked before is answered without asking a server. */
  readonly local: boolean
}

/** Where cached values can live: a config file, and what it is to find in `CACHE_URL`. */
export interface Backend extends Kind {
  /** The path of its config file. */
  readonly config: string
  readonly url: string | undefined
}

export interface Backends {
  /** The one that the environment names comes first; memory where it names none. */
  readonly reachable: readonly Backend[]
  /** What is not on this machine, and how to see it all the same. */
  readonly missing: readonly string[]
  /** Stops the servers that were started. */
  stop(): Promise<void>
}

const KINDS: readonly Kind[] = [
  { name: 'memory', file: 'memory.json', server: undefined, keeps: true, local: true },
  { name: 'Redis', file: 'redis.yaml', server: 'redis', keeps: true, local: false },
  { name: 'memcached', file: 'memcached.yaml', server: 'memcached', keeps: true, local: false },
  { name: 'tiered', file: 'tiered.mjs', server: 'redis', keeps: true, local: true },
  { name: 'off', file: 'off.json', server: undefined, keeps: false, local: false },
]

const SERVERS = [
  { name: 'redis', scheme: /^\s*rediss?:/i, command: 'redis-server', start: startRedis },
  { name: 'memcached', scheme: /^\s*memcached:/i, command: 'memcached', start: startMemcached },
] as const

/** The backend of a config file of this example. */
export function backend(name: Kind['name'], url?: string): Backend {
  const kind = KINDS.find(each => each.name === name)
  if (kind === undefined) throw new Error(`no config file is for ${name}`)
  const config = fileURLToPath(new URL(`../cache.config.${kind.file}`, import.meta.url))
  return { ...kind, config, url }
}

/**
 * All that this machine can serve: each on the server that `CACHE_URL` names, where it is of that kind, or else on one
 * that is started for now.
 */
export async function findBackends(env: Environment = {}): Promise<Backends> {
  const { CACHE_URL } = env
  const first = await chosen(env)
  const started: LocalServer[] = []
  const stop = async () => void (await Promise.all(started.map(server => server.stop())))
  const urls = new Map<Kind['server'], string>()
  const missing: string[] = []

  try {
    for (const { name, scheme, command, start } of SERVERS) {
      const server = CACHE_URL !== undefined && scheme.test(CACHE_URL) ? { url: CACHE_URL } : await start()
      if (server === undefined) {
        const lost = KINDS.filter(kind => kind.server === name).map(kind => kind.name)
        missing.push(
          `${command} is not on this machine. To see ${lost.join(' and ')} too: install it, or set CACHE_URL.`,
        )
        continue
      }
      urls.set(name, server.url)
      if ('stop' in server) started.push(server)
    }
  } catch (error) {
    await stop()
    throw error
  }
  const reachable = KINDS.filter(({ server }) => server === undefined || urls.has(server))
  const inOrder = [...reachable.filter(kind => kind === first), ...reachable.filter(kind => kind !== first)]
  return { reachable: inOrder.map(({ name, server }) => backend(name, urls.get(server))), missing, stop }
}

/** The one that the environment names, if it names one. */
async function chosen({ CACHE_CONFIG, CACHE_URL }: Environment): Promise<Kind | undefined> {
  if (CACHE_CONFIG !== undefined) {
    const path = resolve(CACHE_CONFIG.trim())
    const kind = KINDS.find(({ name }) => backend(name).config === path)
    if (kind !== undefined) return kind
    const all = KINDS.map(({ file }) => `cache.config.${file}`).join(', ')
    throw new Error(
      `the tour plays ${all}; received CACHE_CONFIG=${CACHE_CONFIG}. The service runs with any config: npm run demo -- --serve`,
    )
  }
  if (CACHE_URL === undefined) return undefined
  // Refused before anything is started.
  await (await fromUrl(CACHE_URL)).close()
  const server = SERVERS.find(({ scheme }) => scheme.test(CACHE_URL))?.name
  const off = /^\s*none:/i.test(CACHE_URL)
  return KINDS.find(kind => kind.server === server && kind.keeps === !off)
}
