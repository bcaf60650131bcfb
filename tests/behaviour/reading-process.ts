import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('../races/workers/process.mjs', import.meta.url))

/** Where a cache of another process has its data. */
export interface ReadingProcessOptions {
  readonly backend: 'redis' | 'memcached'
  /** The URL of its server. */
  readonly server: string
  readonly prefix: string
}

/** A cache in a process of its own. */
export interface ReadingProcess {
  get(key: string): Promise<unknown>
  /** Ends it at once. */
  kill(): Promise<void>
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts a process of the built packages; whoever starts it kills it. */
export async function readingProcess(options: ReadingProcessOptions): Promise<ReadingProcess> {
  const child = fork(WORKER, [JSON.stringify({ storeTimeout: '5s', ...options })], { execArgv: [] })
  const waiting = new Map<number, (answer: Answer) => void>()
  let asked = 0
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })

  async function ask(request: string, key?: string): Promise<unknown> {
    const id = asked++
    const { value, error } = await new Promise<Answer>(resolve => {
      waiting.set(id, resolve)
      child.send({ id, request, key })
    })
    if (error !== undefined) throw new Error(`the other process answered ${error}`)
    return value
  }

  await Promise.race([
    ask('ready'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the other process exited with ${code}`))),
  ])
  return {
    get: key => ask('get', key),
    async kill() {
      const gone = once(child, 'exit')
      if (child.kill('SIGKILL')) await gone
    },
  }
}
