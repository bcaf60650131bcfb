import { randomFillSync } from 'node:crypto'

const SIZE = 8
const POOL_SIZE = 512 * SIZE

let pool = Buffer.alloc(0)
let used = 0

/**
 * Returns 8 fresh bytes from the system's cryptographic random source.
 *
 * The bytes are never handed out twice nor written again, so they may be kept; they share memory with
 * neighbours, so they must not be written to.
 */
export function randomBits(): Uint8Array {
  if (used === pool.length) {
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_SIZE))
    used = 0
  }
  const start = used
  used += SIZE
  return pool.subarray(start, used)
}

/** Returns 64 fresh random bits as 16 lower-case hexadecimal digits. */
export function randomId(): string {
  randomBits()
  return pool.toString('hex', used - SIZE, used)
}
