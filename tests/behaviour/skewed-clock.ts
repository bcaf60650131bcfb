import { type Clock, type Milliseconds, sleepOn, systemClock } from '@lookaside/core'

/** The machine's clock, as a process has it whose wall clock is `ms` ahead, or behind. */
export function skewedClock(ms: Milliseconds): Clock {
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + ms,
    sleep: (duration, signal) => sleepOn(clock, duration, signal),
  }
  return clock
}
