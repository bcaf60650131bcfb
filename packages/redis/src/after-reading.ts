import type { Milliseconds } from '@lookaside/core'

/** A check that comes so late was held up by this process, which may not have read yet what a server has sent. */
export const BUSY: Milliseconds = 20

/**
 * Calls `check` after `ms`, and after what has come in meanwhile was read: in a process that was busy, timers run
 * before sockets are read.
 */
export function afterReading(ms: Milliseconds, check: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(check), ms).unref()
}

/**
 * Calls `expired` after `ms`, later where this process was too busy to read in time; never once it was stopped.
 *
 * @returns what stops it.
 */
export function deadline(ms: Milliseconds, expired: () => void): () => void {
  let timer: NodeJS.Timeout
  let stopped = false
  function arm(span: Milliseconds) {
    const due = performance.now() + span
    timer = afterReading(span, () => {
      if (stopped) return
      if (performance.now() - due > BUSY) arm(BUSY)
      else expired()
    })
  }
  arm(ms)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
