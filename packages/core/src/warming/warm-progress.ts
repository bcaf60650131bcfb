import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { WarmSettings } from './warm-options.js'

/** How far a warming is. */
export interface WarmProgress {
  /** Items that are over: loaded, skipped and failed together. */
  readonly done: number
  /** Items whose loader ran here, and whose value is in the cache unless it was invalidated meanwhile or asked not to be. */
  readonly loaded: number
  /** Items whose value was there, or that somebody else loaded. */
  readonly skipped: number
  readonly failed: number
  /** How many there are; `undefined` where nobody knows. */
  readonly total: number | undefined
  /** Items that are over per second, in the last ten seconds. */
  readonly rate: number
  /** The time that is left at this rate; `undefined` without a total, and while nothing gets done. */
  readonly left: Milliseconds | undefined
}

/** What has become of an item. */
export type WarmOutcome = 'loaded' | 'skipped' | 'failed'

/** How far back the rate looks: long enough to be steady, short enough to follow. */
const WINDOW: Milliseconds = 10_000

interface Sample {
  readonly at: Milliseconds
  readonly done: number
}

/** Counts what becomes of the items, and tells it from time to time. */
export class WarmReport {
  readonly #clock: Clock
  readonly #every: Milliseconds
  readonly #tell: WarmSettings['onProgress']
  readonly #total: number | undefined
  readonly #startedAt: Milliseconds
  readonly #counts = { loaded: 0, skipped: 0, failed: 0 }
  /** The first is as old as the window, or a little older. */
  #samples: Sample[]
  #cancelTimer: (() => void) | undefined

  constructor({ clock, progressEvery, onProgress }: WarmSettings, total: number | undefined) {
    this.#clock = clock
    this.#every = progressEvery
    this.#tell = onProgress
    this.#total = total
    this.#startedAt = clock.monotonic()
    this.#samples = [{ at: this.#startedAt, done: 0 }]
    this.#wait()
  }

  count(outcome: WarmOutcome): void {
    this.#counts[outcome]++
  }

  /** Ends the telling, for the last time with what it has come to. */
  end(): Pick<WarmProgress, 'done' | WarmOutcome> & { readonly elapsed: Milliseconds } {
    this.#cancelTimer?.()
    const { done, loaded, skipped, failed } = this.#say()
    return { done, loaded, skipped, failed, elapsed: this.#clock.monotonic() - this.#startedAt }
  }

  #wait(): void {
    if (this.#tell === undefined) return
    this.#cancelTimer = this.#clock.timer(this.#every, () => {
      this.#wait()
      this.#say()
    })
  }

  #say(): WarmProgress {
    const progress = this.#progress()
    try {
      const told: unknown = this.#tell?.(progress)
      if (told instanceof Promise) told.catch(warn)
    } catch (error) {
      warn(error)
    }
    return progress
  }

  #progress(): WarmProgress {
    const { loaded, skipped, failed } = this.#counts
    const done = loaded + skipped + failed
    const rate = this.#rate(done)
    const total = this.#total
    const left =
      total === undefined || rate === 0 ? undefined : Math.round((Math.max(0, total - done) / rate) * 1_000)
    return { done, loaded, skipped, failed, total, rate, left }
  }

  #rate(done: number): number {
    const now = this.#clock.monotonic()
    const firstInside = this.#samples.findIndex(({ at }) => at > now - WINDOW)
    this.#samples = this.#samples.slice(
      Math.max(0, (firstInside < 0 ? this.#samples.length : firstInside) - 1),
    )
    const [base] = this.#samples as [Sample]
    this.#samples.push({ at: now, done })
    return now === base.at ? 0 : ((done - base.done) / (now - base.at)) * 1_000
  }
}

function warn(error: unknown): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`onProgress of warm threw: ${what}`, { type: 'LookasideListenerWarning' })
}
