import { randomFillSync } from 'node:crypto'

/** The states a frame may be in, as its fourth byte says. */
export const FRAME_STATE = { value: 0, expired: 1, marker: 2, open: 3, write: 4 } as const

export type FrameState = (typeof FRAME_STATE)[keyof typeof FRAME_STATE]

/** Bytes at the start of a frame by which a store may tell it from any other. */
const FRAME_HEAD_BYTES = 16

const MAGIC = [0xff, 0x4c, 1] as const
const STATE_AT = 3
const RANDOM_AT = 8

/** Builds what a store may take for a frame: magic, format, state, 64 fresh random bits, then `payload`. */
export function newFrame(
  payload: Uint8Array | string = '',
  state: FrameState = FRAME_STATE.value,
): Uint8Array {
  const tail = Buffer.from(payload)
  const frame = new Uint8Array(FRAME_HEAD_BYTES + tail.length)
  frame.set(MAGIC)
  frame[STATE_AT] = state
  randomFillSync(frame, RANDOM_AT, FRAME_HEAD_BYTES - RANDOM_AT)
  frame.set(tail, FRAME_HEAD_BYTES)
  return frame
}

/** The state of a frame; `undefined` for any other bytes. */
export function frameState(bytes: Uint8Array): number | undefined {
  if (bytes.length < FRAME_HEAD_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) return undefined
  return bytes[STATE_AT]
}

/** The same frame in the expired state, under other random bits. */
export function expiredFrame(frame: Uint8Array, randomBits: Uint8Array): Uint8Array {
  const expired = Uint8Array.from(frame)
  expired[STATE_AT] = FRAME_STATE.expired
  expired.set(randomBits, RANDOM_AT)
  return expired
}
