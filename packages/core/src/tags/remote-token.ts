import type { EpochMs } from '../duration.js'
import { randomBits } from '../random-bits.js'
import type { Token } from './token.js'

/** What a token takes in a frame: its two halves. */
export const TOKEN_BYTES = 16

/** One of the halves, in bytes. */
export const HALF = 8
const KEPT_UNTIL_AT = TOKEN_BYTES
const STORED_BYTES = TOKEN_BYTES + 8

/** A token as a remote store keeps it: 8 random bytes, 8 more, and until when it is kept, as a little-endian float64. */
export interface RemoteToken extends Token {
  readonly hard: string
  readonly soft: string
  /** When the store forgets it, by the clock of whoever wrote it: only says when to renew it. */
  readonly keptUntil: EpochMs
}

/** A new token; with the hard half of another, what that one tagged is stale, without one it is dead. */
export function drawToken(keptUntil: EpochMs, hard = drawHalf()): RemoteToken {
  return { hard, soft: drawHalf(), keptUntil }
}

export function encodeStoredToken(token: RemoteToken): Buffer {
  const bytes = Buffer.alloc(STORED_BYTES)
  bytes.set(encodeToken(token))
  bytes.writeDoubleLE(token.keptUntil, KEPT_UNTIL_AT)
  return bytes
}

/** `undefined` for bytes that are no token. */
export function decodeStoredToken(bytes: Uint8Array): RemoteToken | undefined {
  if (bytes.byteLength !== STORED_BYTES) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { hard, soft } = decodeToken(buffer, 0)
  return { hard, soft, keptUntil: buffer.readDoubleLE(KEPT_UNTIL_AT) }
}

export function encodeToken({ hard, soft }: Token): Buffer {
  return Buffer.from(`${hard}${soft}`, 'latin1')
}

/** The token of a frame's tag; says nothing of how long it is kept. */
export function decodeToken(bytes: Buffer, at: number): { readonly hard: string; readonly soft: string } {
  const middle = at + HALF
  return { hard: bytes.toString('latin1', at, middle), soft: bytes.toString('latin1', middle, middle + HALF) }
}

function drawHalf(): string {
  return Buffer.from(randomBits()).toString('latin1')
}
