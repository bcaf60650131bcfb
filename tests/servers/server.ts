import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real server process on a free loopback port, with the ways in which servers misbehave. */
export interface Server {
  readonly port: number
  /** `127.0.0.1:port` */
  readonly address: string
  /** Stops answering but keeps its connections (SIGSTOP); returns when none of its threads runs any longer. */
  freeze(): void
  thaw(): void
  /** Dies at once (SIGKILL), with everything in memory. */
  kill(): Promise<void>
  /** Starts again, empty, on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A loopback port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts `command` and resolves when its port accepts connections. */
export async function startServer(command: string, args: (port: number) => string[]): Promise<Server> {
  const port = await freePort()
  let child: ChildProcess

  async function start() {
    child = spawn(command, args(port), { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    child.stderr?.on('data', chunk => {
      complaint += chunk
    })
    const failed = once(child, 'error').then(([error]) => error as Error)
    for (let attempt = 0; attempt < 400; attempt++) {
      const error = await Promise.race([failed, accepts(port)])
      if (error === true) return
      if (error instanceof Error) throw new Error(`cannot start ${command}: ${error.message}`)
      if (child.exitCode !== null) throw new Error(`${command} exited with ${child.exitCode}: ${complaint}`)
      await sleep(10)
    }
    throw new Error(`${command} did not listen on port ${port} within 4 s: ${complaint}`)
  }

  async function end(signal: NodeJS.Signals) {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  await start()
  return {
    port,
    address: `127.0.0.1:${port}`,
    freeze() {
      child.kill('SIGSTOP')
      waitUntilStopped(child.pid as number)
    },
    thaw: () => void child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL')
      await start()
    },
    stop: () => end('SIGKILL'),
  }
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

/** A busy machine delivers the signal late, and a server with threads stops one after the other. */
function waitUntilStopped(pid: number): void {
  const giveUpAt = Date.now() + 5_000
  while (!isStopped(pid)) {
    if (Date.now() > giveUpAt) throw new Error(`process ${pid} did not stop within 5 s`)
  }
}

function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(tasks)) {
    return execFileSync('ps', ['-o', 'state=', '-p', `${pid}`], { encoding: 'utf8' })
      .trim()
      .startsWith('T')
  }
  // The state follows the name, which may hold anything, in brackets.
  const states = readdirSync(tasks).map(
    task => /\) (\S)/.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8'))?.[1],
  )
  return states.every(state => state === 'T')
}
