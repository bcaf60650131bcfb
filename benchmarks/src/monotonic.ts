import type { Milliseconds } from '@lookaside/core'

/** Time that never jumps and that all processes of this machine share; its zero means nothing. */
export function monotonic(): Milliseconds {
  return Number(process.hrtime.bigint()) / 1e6
}
