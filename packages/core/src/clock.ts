import { onAbort } from './abortable.js'
import type { EpochMs, Milliseconds } from './duration.js'

/** Where the library takes its time and its chance from, so that tests can set both. */
export interface Clock {
  /** Wall-clock time; compared with the instants inside entries, which other processes wrote. */
  now(): EpochMs
  /** Time that never jumps; its zero means nothing. */
  monotonic(): Milliseconds
  /** Calls back once after `ms`; returns a function that calls it off. */
  timer(ms: Milliseconds, callback: () => void): () => void
  /** Resolves after `ms`; rejects with the signal's reason when that aborts first. */
  sleep(ms: Milliseconds, signal?: AbortSignal): Promise<void>
  /** A number from 0 (inclusive) to 1 (exclusive). */
  random(): number
}

/** `setTimeout` fires at once when it is asked for more: 24.8 days. */
const LONGEST_TIMEOUT: Milliseconds = 2 ** 31 - 1

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  timer(ms, callback) {
    let handle: NodeJS.Timeout
    const wait = (left: Milliseconds) => {
      handle =
        left > LONGEST_TIMEOUT
          ? setTimeout(() => wait(left - LONGEST_TIMEOUT), LONGEST_TIMEOUT)
          : setTimeout(callback, left)
    }
    wait(ms)
    return () => clearTimeout(handle)
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
  random: Math.random,
}

/** `sleep` for clocks that have a `timer`. */
export function sleepOn(clock: Pick<Clock, 'timer'>, ms: Milliseconds, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const cancel = clock.timer(ms, () => {
      forget?.()
      resolve()
    })
    const forget =
      signal &&
      onAbort(signal, () => {
        cancel()
        reject(signal.reason)
      })
  })
}
