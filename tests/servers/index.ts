import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Server, startServer } from './server.js'

export { freePort, type Server } from './server.js'

/**
 * A Redis that persists nothing.
 *
 * Its directory is its own, and gone when it is stopped: what replication writes there no other server may load.
 */
export async function startRedis(...extra: string[]): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-redis-'))
  const removeDirectory = () => rm(directory, { recursive: true, force: true })
  try {
    const server = await startServer('redis-server', port => [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
      ...extra,
    ])
    return {
      ...server,
      async stop() {
        await server.stop()
        await removeDirectory()
      },
    }
  } catch (error) {
    await removeDirectory()
    throw error
  }
}

/** A memcached with the 1 MB item limit of its default settings. */
export function startMemcached(...extra: string[]): Promise<Server> {
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  return startServer('memcached', port => ['-p', `${port}`, '-l', '127.0.0.1', '-U', '0', ...user, ...extra])
}
