import { forkWorker, killed } from './fork-worker.js'

/** A process that answers requests, and gives signs of what happens in it. Once killed, it answers nothing. */
export interface WorkerProcess {
  /** The answer, or `undefined` where the process has died. */
  ask<T>(request: string, rest?: object): Promise<T | undefined>
  /** Resolves once it has given a sign. */
  seen(sign: string): Promise<void>
  hasSeen(sign: string): boolean
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly sign?: string
}

/** Starts a worker and waits until it is ready; whoever starts it kills it. */
export async function workerProcess(worker: URL, options: object): Promise<WorkerProcess> {
  const child = forkWorker(worker, options)
  const answers = new Map<number, (message: Message) => void>()
  const watchers = new Map<string, () => void>()
  const signs = new Set<string>()
  let asked = 0
  child.on('message', (message: Message) => {
    if (message.id !== undefined) answers.get(message.id)?.(message)
    if (message.sign === undefined) return
    signs.add(message.sign)
    watchers.get(message.sign)?.()
  })
  child.once('exit', () => {
    for (const answer of answers.values()) answer({})
  })

  function ask<T>(request: string, rest: object = {}): Promise<T | undefined> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value, error }) => {
        answers.delete(id)
        if (error === undefined) resolve(value as T | undefined)
        else reject(new Error(`process ${child.pid} answered ${request} with ${error}`))
      })
      if (child.connected) child.send({ id, request, ...rest })
      else answers.get(id)?.({})
    })
  }

  try {
    if ((await ask('ready')) !== true) throw new Error(`a process exited with ${child.exitCode}`)
  } catch (error) {
    await killed(child)
    throw error
  }
  return {
    ask,
    async seen(sign) {
      if (!signs.has(sign)) await new Promise<void>(resolve => watchers.set(sign, resolve))
    },
    hasSeen: sign => signs.has(sign),
    kill: () => killed(child),
  }
}
