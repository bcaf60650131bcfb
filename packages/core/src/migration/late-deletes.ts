import { atMost } from '../at-most.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'

/** Most keys in line. */
const LIMIT = 10_000

const FIRST_PAUSE: Milliseconds = 100
const LAST_PAUSE: Milliseconds = 1_000

const KEYS_AT_ONCE = 32

/** A store that has failed this often in one round is left alone until the next. */
const FAILURES_A_ROUND = KEYS_AT_ONCE

/** How long a store that is being closed tries once more. */
const CLOSE_LIMIT: Milliseconds = 1_000

/** The deletes that a store has not taken: they are sent again, after pauses that grow, until it takes them. */
export class LateDeletes {
  readonly #clock: Clock
  readonly #deliver: (key: string) => Promise<void>
  /** A new object for each time that a key was added. */
  readonly #keys = new Map<string, object>()
  #pause: Milliseconds = FIRST_PAUSE
  #cancelTimer: (() => void) | undefined
  #closed = false
  #overflowed = false

  constructor(clock: Clock, deliver: (key: string) => Promise<void>) {
    this.#clock = clock
    this.#deliver = deliver
  }

  /** Whether there were more than can be kept: some of them will never be sent. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#keys.size < LIMIT || this.#keys.has(key)) this.#keys.set(key, {})
      else this.#overflowed = true
    }
    this.#schedule()
  }

  /** Tries once more, for a limited time. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    if (this.#keys.size === 0) return
    const done = new AbortController()
    await Promise.race([this.#round(), this.#clock.sleep(CLOSE_LIMIT, done.signal).catch(() => {})])
    done.abort()
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#closed || this.#keys.size === 0) return
    this.#cancelTimer = this.#clock.timer(this.#pause, () => {
      this.#pause = Math.min(2 * this.#pause, LAST_PAUSE)
      void this.#round().then(() => {
        this.#cancelTimer = undefined
        if (this.#keys.size === 0) this.#pause = FIRST_PAUSE
        this.#schedule()
      })
    })
  }

  async #round(): Promise<void> {
    let failures = 0
    await atMost(KEYS_AT_ONCE, [...this.#keys], async ([key, added]) => {
      if (failures >= FAILURES_A_ROUND) return
      try {
        await this.#deliver(key)
        if (this.#keys.get(key) === added) this.#keys.delete(key)
      } catch {
        failures++
        // To the end of the line: others may be kept by a server that answers.
        const latest = this.#keys.get(key)
        if (latest !== undefined && this.#keys.delete(key)) this.#keys.set(key, latest)
      }
    })
  }
}
