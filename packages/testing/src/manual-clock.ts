import { setImmediate } from 'node:timers/promises'
import { CacheError, type Clock, type EpochMs, type Milliseconds, quote, sleepOn } from '@lookaside/core'

/** How a `ManualClock` starts. */
export interface ManualClockOptions {
  /**
   * The wall-clock time at the start.
   * @default 2030-01-01T00:00Z
   */
  readonly now?: EpochMs
  /**
   * What `random()` returns: numbers from 0 (inclusive) to 1 (exclusive).
   * @default () => 0.5
   */
  readonly random?: () => number
}

interface Timer {
  readonly due: Milliseconds
  readonly callback: () => void
}

const START: EpochMs = Date.UTC(2030, 0, 1)

/** Code that defers its work by `setImmediate` needs a turn of the event loop for each step. */
const TURNS = 4

/**
 * A clock that stands still until it is told to move, with timers that fire only then.
 *
 * As with `setTimeout`, a timer of less than 1 ms takes 1 ms. Timers of one instant fire in the order in
 * which they were set.
 *
 * @example
 * const clock = new ManualClock()
 * const nap = clock.sleep(1_000).then(() => 'awake')
 * await clock.advance(1_000)
 * await nap // 'awake'
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #random: () => number
  #elapsed: Milliseconds = 0
  #origin: EpochMs
  #advance: Promise<void> = Promise.resolve()

  constructor(options: ManualClockOptions = {}) {
    this.#origin = options.now ?? START
    this.#random = options.random ?? (() => 0.5)
  }

  /** How many timers have been set, and neither fired nor called off. */
  get pending(): number {
    return this.#timers.size
  }

  /** An arrow, as are the other readings: `Clock` methods may be passed on unbound. */
  readonly now = (): EpochMs => this.#origin + this.#elapsed

  readonly monotonic = (): Milliseconds => this.#elapsed

  readonly random = (): number => this.#random()

  readonly timer = (ms: Milliseconds, callback: () => void): (() => void) => {
    const timer: Timer = { due: this.#elapsed + (ms >= 1 ? ms : 1), callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  readonly sleep = (ms: Milliseconds, signal?: AbortSignal): Promise<void> => sleepOn(this, ms, signal)

  /**
   * Moves both clocks on by `ms` and fires the timers that come due, each at its own instant, in order.
   *
   * Before the first, between them and after the last it lets the event loop turn, so that code that waits on
   * promises or `setImmediate` (not on sockets or threads) proceeds and may set further timers. Calls queue
   * up. `advance(0)` only lets the code proceed.
   *
   * @throws CacheError `ERR_CACHE_DURATION` when `ms` is negative or not finite; what a timer's callback throws.
   */
  advance(ms: Milliseconds): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      const received = `expected milliseconds, 0 or more, to advance by; received ${quote(ms)}`
      return Promise.reject(
        new CacheError('ERR_CACHE_DURATION', `${received}; use set() to turn the clock back`),
      )
    }
    const run = this.#advance.then(() => this.#run(ms))
    this.#advance = run.catch(() => {})
    return run
  }

  /** Jumps the wall clock to `now`, as skew does: `monotonic()` and the timers do not notice. */
  set(now: EpochMs): void {
    this.#origin = now - this.#elapsed
  }

  async #run(ms: Milliseconds): Promise<void> {
    const end = this.#elapsed + ms
    await settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#elapsed = Math.max(this.#elapsed, timer.due)
      timer.callback()
      await settle()
    }
    this.#elapsed = end
    await settle()
  }

  #next(end: Milliseconds): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
    }
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await setImmediate()
}
