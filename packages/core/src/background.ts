import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
import type { Events } from './events.js'

/** The work that is under way: what no caller waits for, and what `close()` has to wait for. */
export class Background {
  readonly #running = new Set<Promise<unknown>>()
  readonly #events: Events

  constructor(events: Events) {
    this.#events = events
  }

  /** Takes charge of `work`: a rejection becomes a `background-error` event. */
  add(key: string, work: Promise<unknown>): void {
    const settled = work
      .catch(error => this.#events.emit({ type: 'background-error', key, error }))
      .finally(() => this.#running.delete(settled))
    this.#running.add(settled)
  }

  /** Only waits for `work`: whoever started it sees how it ends. */
  watch(work: Promise<unknown>): void {
    const done = () => void this.#running.delete(work)
    this.#running.add(work)
    work.then(done, done)
  }

  /** Resolves when everything is done, at the latest after `limit`. */
  async drain(clock: Clock, limit: Milliseconds): Promise<void> {
    if (this.#running.size === 0) return
    const timeout = new AbortController()
    const late = clock.sleep(limit, timeout.signal).catch(() => {})
    await Promise.race([Promise.allSettled(this.#running), late])
    timeout.abort()
  }
}
