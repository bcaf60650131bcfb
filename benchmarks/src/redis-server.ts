import { type LocalServer, startRedis as startLocalRedis } from '@lookaside/example-servers'

/** The program, found on the PATH. */
export const REDIS_SERVER = 'redis-server'

/** Starts a Redis of our own; however this process ends, the server does not outlive it. */
export async function startRedis(): Promise<LocalServer> {
  const server = await startLocalRedis()
  if (server !== undefined) return server
  throw new Error(`cannot start ${REDIS_SERVER}: install it, so that the PATH has it`)
}
