import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'

/** What became of the requests, in the order of their instants. */
export interface Driven {
  /** How long after its instant each was begun. */
  readonly late: Float64Array
  /** How long after its instant each was answered; NaN for those that failed. */
  readonly latency: Float64Array
  /** What they failed with. */
  readonly failures: readonly string[]
}

/** How long the last answers are waited for. */
const PATIENCE: Milliseconds = 10_000

/**
 * Begins each request at its instant, whatever becomes of the ones before it.
 *
 * Time counts from the instant that was set, not from when the request was begun: if the event loop is held up, all that
 * should have begun meanwhile has waited. Each begins in a turn of the event loop of its own, as requests from sockets
 * do. Between them the loop goes round without sleeping, since a timer would be a millisecond late.
 */
export async function drive(
  instants: Float64Array,
  request: (index: number, beganAt: Milliseconds) => Promise<void>,
): Promise<Driven> {
  const late = new Float64Array(instants.length)
  const latency = new Float64Array(instants.length).fill(Number.NaN)
  const failures: string[] = []
  let open = instants.length
  const { promise: answered, resolve: allAnswered } = newPromise()
  // `monotonic()` leaves a BigInt behind at each call, and this loop calls it all the time.
  const start = performance.now()

  async function begin(index: number, instant: Milliseconds, now: Milliseconds): Promise<void> {
    late[index] = now - instant
    try {
      await request(index, start + now)
      latency[index] = performance.now() - start - instant
    } catch (error) {
      failures.push(String(error))
    }
    if (--open === 0) allAnswered()
  }

  await new Promise<void>(allBegun => {
    let next = 0
    function turn(): void {
      const instant = instants[next]
      if (instant === undefined) {
        allBegun()
        return
      }
      const now = performance.now() - start
      if (now >= instant) void begin(next++, instant, now)
      setImmediate(turn)
    }
    turn()
  })
  const given = new AbortController()
  const late10s = sleep(PATIENCE, undefined, { signal: given.signal }).catch(() => {})
  if (open > 0) await Promise.race([answered, late10s])
  given.abort()
  for (let missing = open; missing > 0; missing--) failures.push('no answer')
  return { late, latency, failures }
}

function newPromise(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
