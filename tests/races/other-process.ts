import { once } from 'node:events'
import type { Backend } from '../backends.js'
import { backendOf, forkWorker } from '../processes/fork-worker.js'

/** What the other process can be asked; see `workers/process.mjs`. */
type Request = 'ready' | 'getOrSet' | 'get' | 'delete' | 'deleteMany' | 'expire' | 'told'

export interface OtherProcessOptions {
  readonly prefix: string
  /** Whether its store's `replace` is broken. */
  readonly overwriting?: boolean
  readonly claimTtl?: number
}

/** A cache in a process of its own, on the same data. */
export interface OtherProcess {
  ask(request: Request, key?: string): Promise<unknown>
  /** Resolves once the process' loader has been called for `key`. */
  loading(key: string): Promise<void>
  /** Lets the loader return. */
  answer(key: string, row: string): void
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly loading?: string
}

const WORKER = new URL('./workers/process.mjs', import.meta.url)

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function otherProcess(backend: Backend, options: OtherProcessOptions): Promise<OtherProcess> {
  const child = forkWorker(WORKER, { ...backendOf(backend), storeTimeout: '5s', ...options }, [
    'core',
    backend.name,
  ])

  const answers = new Map<number, (message: Message) => void>()
  const loads = new Map<string, () => void>()
  const began = new Set<string>()
  let asked = 0
  child.on('message', (message: Message) => {
    if (message.id !== undefined) answers.get(message.id)?.(message)
    if (message.loading === undefined) return
    began.add(message.loading)
    loads.get(message.loading)?.()
  })

  function ask(request: Request, key?: string): Promise<unknown> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, message => {
        if (message.error === undefined) resolve(message.value)
        else reject(new Error(`the other process answered ${message.error}`))
      })
      child.send({ id, request, key })
    })
  }

  await Promise.race([
    ask('ready'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the other process exited with ${code}`))),
  ])
  return {
    ask,
    async loading(key) {
      if (!began.has(key)) await new Promise<void>(resolve => loads.set(key, resolve))
      began.delete(key)
    },
    answer(key, row) {
      child.send({ key, row })
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
