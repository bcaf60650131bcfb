import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A cache server that this process started, on a free loopback port. */
export interface LocalServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a Redis that keeps nothing on disk; `undefined` where `redis-server` is not on the PATH. */
export function startRedis(): Promise<LocalServer | undefined> {
  return start('redis-server', 'redis', port => [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ])
}

/** What a memcached may hold. */
export interface MemcachedLimits {
  /**
   * The largest item with its key and its overhead, as its option `-I` takes it: such as `'2m'`.
   *
   * @default memcached's own, `'1m'`
   */
  readonly maxItemSize?: string
  /**
   * The memory for all items, in MiB.
   *
   * @default memcached's own, 64
   */
  readonly memoryMegabytes?: number
}

/** Starts a memcached; `undefined` where it is not on the PATH. */
export function startMemcached(limits: MemcachedLimits = {}): Promise<LocalServer | undefined> {
  const { maxItemSize, memoryMegabytes } = limits
  return start('memcached', 'memcached', port => [
    ...['-p', `${port}`, '-l', '127.0.0.1', '-U', '0'],
    ...(maxItemSize === undefined ? [] : ['-I', maxItemSize]),
    ...(memoryMegabytes === undefined ? [] : ['-m', `${memoryMegabytes}`]),
    // memcached refuses to run as root unless it is told to.
    ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
  ])
}

async function start(
  command: string,
  scheme: string,
  options: (port: number) => string[],
): Promise<LocalServer | undefined> {
  const port = await freePort()
  const child = spawn(command, options(port), { stdio: 'ignore' })
  let missing = false
  child.once('error', () => {
    missing = true
  })
  // However this process ends, the server does not outlive it.
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))

  const deadline = performance.now() + 5_000
  while (performance.now() < deadline) {
    if (await accepts(port)) return { url: `${scheme}://127.0.0.1:${port}`, stop: () => stop(child) }
    if (missing) return undefined
    if (child.exitCode !== null) break
    await sleep(20)
  }
  await stop(child)
  throw new Error(`${command} was started on port ${port} and does not answer; run it by hand to see why`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill()
  await gone
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
