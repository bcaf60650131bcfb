import type { Milliseconds } from '../duration.js'
import { randomId } from '../random-bits.js'
import { counterDigits } from '../values/counter.js'

/** No frame, no token and no counter begins or looks like that. */
const MARK = Buffer.from('lookaside:moving:')

/** How long a key is held in the new store while its value is fetched from the old one. */
export const MOVING_TTL: Milliseconds = 5_000

/** A counter on its way: what it stood at, and how long the new store is to keep it. */
export interface MovingCounter {
  readonly digits: string
  readonly ttl: Milliseconds
}

/** What holds a key in the new store while its value is fetched from the old one. */
export interface Moving {
  /** Where its counter has been read: once it has left the old store this is what it stands at. */
  readonly counter: MovingCounter | undefined
}

/**
 * The bytes that hold a key: `lookaside:moving:`, 64 random bits, and for a counter its ttl and its digits.
 *
 * Without the random bits a store that names bytes by their content would take one holder for another.
 */
export function encodeMoving(counter?: MovingCounter): Buffer {
  const rest = counter === undefined ? '' : `:${Math.ceil(counter.ttl)}:${counter.digits}`
  return Buffer.concat([MARK, Buffer.from(`${randomId()}${rest}`)])
}

/** `undefined` for bytes that hold no key for anybody. */
export function decodeMoving(bytes: Uint8Array): Moving | undefined {
  if (bytes[0] !== MARK[0] || bytes.length <= MARK.length) return undefined
  if (MARK.compare(bytes, 0, MARK.length) !== 0) return undefined
  const [, ttl, digits] = Buffer.from(bytes.subarray(MARK.length)).toString('latin1').split(':')
  if (ttl === undefined || digits === undefined) return { counter: undefined }
  const known = counterDigits(Buffer.from(digits))
  return { counter: known === undefined ? undefined : { digits: known, ttl: Number(ttl) } }
}
