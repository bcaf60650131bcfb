import { type Server, startServer } from './server.js'

export { freePort, type Server } from './server.js'

/** A Redis that persists nothing. */
export function startRedis(...extra: string[]): Promise<Server> {
  return startServer('redis-server', port => [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'],
    ...extra,
  ])
}

/** A memcached with the 1 MB item limit of its default settings. */
export function startMemcached(...extra: string[]): Promise<Server> {
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  return startServer('memcached', port => ['-p', `${port}`, '-l', '127.0.0.1', '-U', '0', ...user, ...extra])
}
