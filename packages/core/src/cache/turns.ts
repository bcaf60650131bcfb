import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'

/** How long to wait for a turn: whoever has it may never finish. */
const PATIENCE: Milliseconds = 1_000

/**
 * Lets those of one process who change the same key go one after another, so that they don't compete.
 *
 * It saves attempts and guarantees nothing: who has waited too long goes all the same.
 */
export class Turns {
  /** Who waits for the key's turn; nobody does where the list is empty. */
  readonly #lines = new Map<string, Set<() => void>>()

  /** Resolves when it is the caller's turn; the returned function ends it. */
  async take(at: string, clock: Clock): Promise<() => void> {
    const line = this.#lines.get(at)
    if (line === undefined) {
      this.#lines.set(at, new Set())
      return () => this.#next(at)
    }
    return new Promise(resolve => {
      const go = () => {
        cancel()
        resolve(() => this.#next(at))
      }
      const cancel = clock.timer(PATIENCE, () => {
        line.delete(go)
        resolve(() => {})
      })
      line.add(go)
    })
  }

  #next(at: string): void {
    for (const go of this.#lines.get(at) ?? []) {
      this.#lines.get(at)?.delete(go)
      go()
      return
    }
    this.#lines.delete(at)
  }
}
