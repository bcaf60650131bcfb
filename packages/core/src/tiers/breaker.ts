import type { Clock } from '../clock.js'
import type { Duration, Milliseconds } from '../duration.js'

/** When a store counts as down. */
export interface BreakerOptions {
  /** Consecutive failed or timed-out calls that open it, at least 1. @default 5 */
  readonly failures?: number | undefined
  /** How long it stays open between two probes. @default 500 ms */
  readonly probeEvery?: Duration | undefined
}

/**
 * Keeps calls away from a store that does not answer.
 *
 * Closed, it lets everything through and counts failures in a row. Open, it lets nothing through; the first
 * call after each `probeEvery` starts a probe that no caller waits for, and a probe that succeeds closes it.
 */
export class Breaker {
  readonly #clock: Clock
  readonly #limit: number
  readonly #probeEvery: Milliseconds
  readonly #probe: () => Promise<void>
  readonly #changed: (state: 'open' | 'closed') => void
  #failures = 0
  #lastFailure = Number.NEGATIVE_INFINITY
  #open = false
  #nextProbe = 0
  #probing = false

  constructor(
    clock: Clock,
    limit: number,
    probeEvery: Milliseconds,
    probe: () => Promise<void>,
    changed: (state: 'open' | 'closed') => void,
  ) {
    this.#clock = clock
    this.#limit = limit
    this.#probeEvery = probeEvery
    this.#probe = probe
    this.#changed = changed
  }

  /** Whether a call may go to the store now. */
  allows(): boolean {
    if (!this.#open) return true
    const now = this.#clock.monotonic()
    if (now >= this.#nextProbe && !this.#probing) {
      this.#nextProbe = now + this.#probeEvery
      this.#probing = true
      this.#probe().then(
        () => this.#close(),
        () => {
          this.#probing = false
        },
      )
    }
    return false
  }

  succeeded(): void {
    this.#failures = 0
  }

  /**
   * Counts a call that failed. Of calls that were under way together one counts: they say the same of the store, or
   * of a moment in which this process itself was too busy to listen.
   */
  failed(startedAt: Milliseconds): void {
    if (startedAt < this.#lastFailure) return
    this.#lastFailure = this.#clock.monotonic()
    this.#failures++
    if (this.#open || this.#failures < this.#limit) return
    this.#open = true
    this.#nextProbe = this.#clock.monotonic() + this.#probeEvery
    this.#changed('open')
  }

  #close(): void {
    if (!this.#open) return
    this.#open = false
    this.#probing = false
    this.#failures = 0
    this.#changed('closed')
  }
}
