/**
 * A 64-bit hash of a key, which frames carry so that bytes read under another key are not taken for its value.
 *
 * Two multiplicative hashes over the UTF-16 code units, as in cyrb53, without its reduction to 53 bits. It is part
 * of the frame's format. It is not cryptographic: it finds mix-ups, it doesn't withstand an attacker.
 */
export interface KeyHash {
  readonly low: number
  readonly high: number
}

/** How far two hashes have come that go over a key's units. */
export interface HashState {
  readonly a: number
  readonly b: number
}

const START: HashState = { a: 0xdeadbeef | 0, b: 0x41c6ce57 }

/** The state after a text, such as what many keys begin with, so that it is gone over once. */
export function hashState(text: string, { a, b }: HashState = START): HashState {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  return { a, b }
}

/** The hash of a key, or of what follows the text that a state stands for. */
export function keyHash(key: string, state: HashState = START): KeyHash {
  const { a, b } = hashState(key, state)
  const low = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  const high = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  return { low, high }
}

/** Writes a hash as 8 bytes at `offset`. */
export function writeKeyHash(bytes: Buffer, offset: number, { low, high }: KeyHash): void {
  bytes.writeInt32LE(low, offset)
  bytes.writeInt32LE(high, offset + 4)
}

/** Whether the 8 bytes at `offset` are this hash. */
export function matchesKeyHash(bytes: Buffer, offset: number, { low, high }: KeyHash): boolean {
  return bytes.readInt32LE(offset) === low && bytes.readInt32LE(offset + 4) === high
}
