import { setTimeout as sleep } from 'node:timers/promises'

/** Collections in a row that have to agree. */
const AGREEING = 3
const AGREEMENT = 1_024
const MOST = 20

/**
 * The bytes in use after as many collections as it takes until nothing more is freed: of the heap, and of what is
 * beside it but belongs to its objects, as numbers in typed arrays. The process needs `--expose-gc`.
 */
export async function settledHeap(): Promise<number> {
  let agreed = 0
  let before = collectedHeap()
  for (let count = 0; count < MOST && agreed < AGREEING; count++) {
    // What waits for a turn, as finalizers do, gets one.
    await sleep(5)
    const now = collectedHeap()
    agreed = Math.abs(now - before) < AGREEMENT ? agreed + 1 : 0
    before = now
  }
  return before
}

/** The same after one collection. */
export function collectedHeap(): number {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
