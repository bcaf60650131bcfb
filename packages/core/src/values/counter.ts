/** The largest that a counter can be. */
export const LARGEST_COUNT = 2n ** 63n - 1n

/** What memcached and its clients write: an unsigned number of 64 bits has at most 20 digits. */
const LONGEST = 20

/** The bytes of `0`. */
const ZERO = 0x30

/**
 * The digits of a counter: one to twenty ASCII digits and nothing else; `undefined` for any other bytes.
 *
 * Counters have no frame, so that programs in other languages count them too.
 */
export function counterDigits(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.length > LONGEST) return undefined
  let digits = ''
  for (const byte of bytes) {
    if (byte < ZERO || byte > ZERO + 9) return undefined
    digits += byte - ZERO
  }
  return digits
}

/** A counter as readers get it: a number where that is exact, a bigint beyond 2^53 - 1. */
export function countOf(digits: string): number | bigint {
  const count = Number(digits)
  return Number.isSafeInteger(count) ? count : BigInt(digits)
}
