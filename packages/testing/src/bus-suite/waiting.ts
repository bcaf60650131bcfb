import assert from 'node:assert/strict'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'

/** What arrives in a later microtask or by a socket in this process is seen without any timer. */
const QUICK_LOOKS = 20

const BETWEEN_LOOKS: Milliseconds = 5

/** Fails unless `condition` holds when looked at again and again, before the deadline. */
export async function until(
  condition: () => boolean,
  deadline: Milliseconds,
  expected: string,
): Promise<void> {
  const end = performance.now() + deadline
  for (let looks = 0; !condition(); looks++) {
    assert.ok(performance.now() < end, `expected ${expected}; it did not happen in ${deadline} ms`)
    await (looks < QUICK_LOOKS ? setImmediate() : sleep(BETWEEN_LOOKS))
  }
}

/** Fails unless `work` settles before the deadline; settles as it does. */
export async function within<T>(work: Promise<T>, deadline: Milliseconds, what: string): Promise<T> {
  const controller = new AbortController()
  const late = sleep(deadline, undefined, { signal: controller.signal }).then(() =>
    assert.fail(`expected ${what} to settle; it did nothing for ${deadline} ms`),
  )
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    controller.abort()
  }
}
