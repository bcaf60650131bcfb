import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import type { Milliseconds } from '@lookaside/core'

/** When reads arrive, whatever becomes of the ones before: a Poisson process. */
export interface ArrivalPlan {
  readonly perSecond: number
  readonly seed: number
}

/** What the thread is given, and how it is told to end. */
export interface ArrivalOrder extends ArrivalPlan {
  readonly stopped: Int32Array
}

/**
 * Calls back at each arrival, with the instant it was meant for; a thread of its own keeps the time.
 *
 * The returned function ends it.
 */
export function startArrivals(
  plan: ArrivalPlan,
  onArrival: (intendedAt: Milliseconds) => void,
): () => Promise<void> {
  const stopped = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const order: ArrivalOrder = { ...plan, stopped }
  const thread = new Thread(new URL('./arrival-thread.js', import.meta.url), { workerData: order })
  thread.on('message', onArrival)
  return async () => {
    const ended = once(thread, 'exit')
    Atomics.store(stopped, 0, 1)
    Atomics.notify(stopped, 0)
    await ended
  }
}
