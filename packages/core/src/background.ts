import type { Events } from './events.js'

/** Keeps a process awake until a promise settles, as `ctx.waitUntil` does where a response freezes the process. */
export type WaitUntil = (work: Promise<unknown>) => void

/** Work that no caller waits for. */
export class Background {
  readonly #running = new Set<Promise<unknown>>()
  readonly #events: Events
  readonly #waitUntil: WaitUntil | undefined

  constructor(events: Events, waitUntil: WaitUntil | undefined) {
    this.#events = events
    this.#waitUntil = waitUntil
  }

  /** Takes charge of `work`: a rejection becomes a `background-error` event. */
  add(key: string, work: Promise<unknown>): void {
    const settled = work
      .catch(error => this.#events.emit({ type: 'background-error', key, error }))
      .finally(() => this.#running.delete(settled))
    this.#running.add(settled)
    this.keepAwake(key, settled, this.#waitUntil)
  }

  /** Hands work that never rejects to the runtime; what that throws becomes an event. */
  keepAwake(key: string, work: Promise<unknown>, waitUntil: WaitUntil | undefined): void {
    const report = (error: unknown) => this.#events.emit({ type: 'background-error', key, error })
    try {
      const told: unknown = waitUntil?.(work)
      if (told instanceof Promise) told.catch(report)
    } catch (error) {
      report(error)
    }
  }

  /** Settles with everything that is under way now. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }
}
