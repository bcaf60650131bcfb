import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'

/** One call that has to be answered in time. */
interface Deadline {
  /** By `Clock.monotonic()`. */
  readonly due: Milliseconds
  readonly expired: () => void
}

/**
 * The deadlines of calls that all have the same span of time: one timer for all of them, since they run out in order.
 *
 * It does not keep the process alive; the connection does whose answer is awaited.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #span: Milliseconds
  /** In the order in which they run out. */
  readonly #pending = new Set<Deadline>()
  /** An armed timer is left to fire: to call it off and arm another for each call would cost more than the rest. */
  #isArmed = false

  constructor(clock: Clock, span: Milliseconds) {
    this.#clock = clock
    this.#span = span
  }

  /** Calls back once the span is over, unless what this returns is given to `end` before. */
  start(expired: () => void): Deadline {
    const deadline: Deadline = { due: this.#clock.monotonic() + this.#span, expired }
    this.#pending.add(deadline)
    if (!this.#isArmed) this.#arm(this.#span)
    return deadline
  }

  end(deadline: Deadline): void {
    this.#pending.delete(deadline)
  }

  #arm(ms: Milliseconds): void {
    this.#isArmed = true
    this.#clock.timer(ms, this.#check, { unref: true })
  }

  readonly #check = (): void => {
    this.#isArmed = false
    const now = this.#clock.monotonic()
    for (const deadline of this.#pending) {
      if (deadline.due > now) {
        this.#arm(deadline.due - now)
        return
      }
      this.#pending.delete(deadline)
      deadline.expired()
    }
  }
}
