import { once } from 'node:events'
import type { Backend } from '../backends.js'
import { backendOf, forkWorker } from '../processes/fork-worker.js'

/** What a process can be asked to repeat; see `workers/counting.mjs`. */
type Step = 'ticket' | 'upAndDown' | 'cart' | 'getThenSet'

/** A process of its own that counts on shared data. */
export interface CountingProcess {
  readonly name: string
  /** What the cache has acknowledged there, as far as it has been told. */
  readonly acknowledged: readonly unknown[]
  /** Repeats a step on a key, several at once; resolves to what each came to. */
  repeat(what: Step, key: string, count: number): Promise<readonly unknown[]>
  /** Resolves once that many steps have been acknowledged. */
  hasAcknowledged(count: number): Promise<void>
  /** Ends it at once, with whatever it was doing (SIGKILL); resolves when all that it told has arrived. */
  kill(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly value?: readonly unknown[]
  readonly error?: string
  readonly acknowledged?: unknown
}

const WORKER = new URL('./workers/counting.mjs', import.meta.url)

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function countingProcess(
  backend: Backend,
  prefix: string,
  name: string,
): Promise<CountingProcess> {
  const child = forkWorker(WORKER, { ...backendOf(backend), storeTimeout: '5s', prefix, name }, [
    'core',
    backend.name,
  ])
  const closed = once(child, 'close')

  const answers = new Map<number, (message: Message) => void>()
  const acknowledged: unknown[] = []
  let told = () => {}
  let asked = 0
  child.on('message', (message: Message) => {
    if (message.id !== undefined) answers.get(message.id)?.(message)
    if (!('acknowledged' in message)) return
    acknowledged.push(message.acknowledged)
    told()
  })

  function ask(what: Step | 'ready', key = '', count = 0): Promise<readonly unknown[]> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value = [], error }) => {
        if (error === undefined) resolve(value)
        else reject(new Error(`process ${name} answered ${error}`))
      })
      child.send({ id, what, key, count })
    })
  }

  await Promise.race([
    ask('ready'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`process ${name} exited with ${code}`))),
  ])
  return {
    name,
    acknowledged,
    repeat: ask,
    async hasAcknowledged(count) {
      while (acknowledged.length < count) {
        await new Promise<void>(resolve => {
          told = resolve
        })
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
