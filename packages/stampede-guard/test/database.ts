import type { Clock, LoadContext, Milliseconds } from '@lookaside/core'

/** What loaders ask in these tests: each query takes its time, and how many run at once is counted. */
export class Database {
  /** What was asked for, in order. */
  readonly asked: string[] = []
  /** When each query began, by the clock's monotonic time. */
  readonly times: Milliseconds[] = []
  /** The errors it has thrown, in order. */
  readonly errors: Error[] = []
  /** Whether each further query fails, with an error of its own. */
  down = false
  /** The most queries that ran at the same time. */
  most = 0
  #running = 0
  readonly #clock: Clock
  readonly #time: Milliseconds

  constructor(clock: Clock, time: Milliseconds = 100) {
    this.#clock = clock
    this.#time = time
  }

  /** How many queries run now. */
  get running(): number {
    return this.#running
  }

  /** A loader. */
  readonly query = async ({ key, signal }: Pick<LoadContext, 'key' | 'signal'>): Promise<string> => {
    this.asked.push(key)
    this.times.push(this.#clock.monotonic())
    this.#running++
    this.most = Math.max(this.most, this.#running)
    try {
      await this.#clock.sleep(this.#time, signal)
    } finally {
      this.#running--
    }
    if (!this.down) return `row ${key}`
    const error = new Error(`failure ${this.errors.length + 1}`)
    this.errors.push(error)
    throw error
  }
}
