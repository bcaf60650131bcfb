import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'

/** How long one turn may take: whoever has it may never finish. */
const PATIENCE: Milliseconds = 1_000

/** Who changes one key now, and who comes after. */
interface Line {
  holder: object
  readonly waiting: Set<(holder: object) => void>
  cancelTimer: () => void
}

/**
 * Lets those of one process who change the same key go one after another, so that they don't compete.
 *
 * It saves attempts and guarantees nothing: a turn that takes too long is over for the others.
 */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /** Resolves when it is the caller's turn; the returned function ends it. */
  async take(at: string, clock: Clock): Promise<() => void> {
    const line = this.#lines.get(at)
    const holder =
      line === undefined ? this.#begin(at, clock) : await new Promise<object>(go => line.waiting.add(go))
    return () => this.#end(at, holder, clock)
  }

  #begin(at: string, clock: Clock): object {
    const holder = {}
    this.#lines.set(at, { holder, waiting: new Set(), cancelTimer: this.#timer(at, holder, clock) })
    return holder
  }

  #timer(at: string, holder: object, clock: Clock): () => void {
    return clock.timer(PATIENCE, () => this.#end(at, holder, clock))
  }

  /** Hands the turn on, unless that has happened already. */
  #end(at: string, holder: object, clock: Clock): void {
    const line = this.#lines.get(at)
    if (line?.holder !== holder) return
    line.cancelTimer()
    const [next] = line.waiting
    if (next === undefined) {
      this.#lines.delete(at)
      return
    }
    line.waiting.delete(next)
    line.holder = {}
    line.cancelTimer = this.#timer(at, line.holder, clock)
    next(line.holder)
  }
}
