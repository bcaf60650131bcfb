import type { Events } from './events.js'

/** Work that no caller waits for. */
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

  /** Settles with everything that is under way now. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }
}
