import { randomBytes } from 'node:crypto'

export const VALUE = 0
export const EXPIRED = 1
export const MARKER = 2
export const OPEN_MARKER = 3

/** Bytes that begin as a frame does: magic, format 1, a state, four bytes of other things, 64 random bits. */
export function frameOf(payload: string | Uint8Array = '', state: number = VALUE): Buffer {
  return Buffer.concat([
    Buffer.from([0xff, 0x4c, 1, state, 5, 6, 7, 8]),
    randomBytes(8),
    Buffer.from(payload),
  ])
}
