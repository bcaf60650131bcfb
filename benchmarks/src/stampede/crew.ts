import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromProcess, RunOrder, ToProcess } from './messages.js'
import { merged, type Recording } from './recording.js'

const PROGRAM = fileURLToPath(new URL('./worker-process.js', import.meta.url))

/** The child processes that the workers are in; started once, for all strategies. */
export class Crew {
  readonly #processes: readonly ChildProcess[]
  readonly #broken: Promise<never>
  #dismissed = false

  constructor(size: number) {
    this.#processes = Array.from({ length: size }, () => fork(PROGRAM, [], { serialization: 'advanced' }))
    this.#broken = new Promise((_, reject) => {
      for (const child of this.#processes) {
        child.once('exit', code => {
          if (!this.#dismissed) reject(new Error(`a process of workers exited with ${code}`))
        })
      }
    })
    this.#broken.catch(() => {})
  }

  /** Runs the workers until `enough` resolves; `onCommit` hears of every value that is stored meanwhile. */
  async run(order: RunOrder, onCommit: () => void, enough: () => Promise<unknown>): Promise<Recording> {
    await this.#all('opened', (child, index) =>
      send(child, {
        type: 'open',
        order: { ...order, workers: this.#shareOf(order.workers, index), seed: order.seed + index },
      }),
    )
    const hear = (message: FromProcess) => {
      if (message.type === 'commit') onCommit()
    }
    for (const child of this.#processes) child.on('message', hear)
    for (const child of this.#processes) send(child, { type: 'start' })
    await Promise.race([enough(), this.#broken])
    for (const child of this.#processes) child.off('message', hear)
    const answers = await this.#all('stopped', child => send(child, { type: 'stop' }))
    return merged(answers.map(({ recording }) => recording))
  }

  dismiss(): void {
    this.#dismissed = true
    for (const child of this.#processes) child.kill()
  }

  /** Asks every process, and waits until each has answered so. */
  #all<T extends FromProcess['type']>(
    type: T,
    ask: (child: ChildProcess, index: number) => void,
  ): Promise<Extract<FromProcess, { type: T }>[]> {
    const answers = this.#processes.map(
      (child, index) =>
        new Promise<Extract<FromProcess, { type: T }>>(resolve => {
          const hear = (message: FromProcess) => {
            if (message.type !== type) return
            child.off('message', hear)
            resolve(message as Extract<FromProcess, { type: T }>)
          }
          child.on('message', hear)
          ask(child, index)
        }),
    )
    return Promise.race([Promise.all(answers), this.#broken])
  }

  #shareOf(workers: number, index: number): number {
    const size = this.#processes.length
    return Math.floor(workers / size) + (index < workers % size ? 1 : 0)
  }
}

function send(child: ChildProcess, message: ToProcess): void {
  child.send(message)
}
