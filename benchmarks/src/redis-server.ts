import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** A Redis of our own on a free loopback port, which keeps nothing on disk. */
export interface RedisServer {
  readonly url: string
  stop(): Promise<void>
}

/** The program, found on the PATH. */
export const REDIS_SERVER = 'redis-server'

/** Starts `redis-server` from the PATH; however this process ends, the server does not outlive it. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn(REDIS_SERVER, [...options, '--dir', tmpdir()], { stdio: 'ignore' })
  const kill = () => server.kill()
  process.once('exit', kill)
  server.once('exit', () => process.off('exit', kill))
  const failed = once(server, 'error').then(([error]) => {
    throw new Error(`cannot start redis-server: ${(error as Error).message}`)
  })
  failed.catch(() => {})

  for (let attempt = 0; attempt < 250 && server.exitCode === null; attempt++) {
    if (await Promise.race([accepts(port), failed])) {
      return { url: `redis://127.0.0.1:${port}`, stop: () => stop(server) }
    }
    await sleep(20)
  }
  await stop(server)
  throw new Error(`redis-server was started on port ${port} and does not answer; run it by hand to see why`)
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill()
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
