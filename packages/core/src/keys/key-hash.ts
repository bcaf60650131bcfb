/**
 * A 64-bit hash of a key, which frames carry so that bytes read under another key are not taken for its value.
 *
 * Two multiplicative hashes over the UTF-16 code units, as in cyrb53, without its reduction to 53 bits. It is part
 * of the frame's format. It is not cryptographic: it finds mix-ups, it doesn't withstand an attacker.
 */

// The hash last computed: two variables instead of a result object, because every remote hit comes by here.
let low = 0
let high = 0

/** Writes the hash of `key` as 8 bytes at `offset`. */
export function writeKeyHash(bytes: Buffer, offset: number, key: string): void {
  compute(key)
  bytes.writeInt32LE(low, offset)
  bytes.writeInt32LE(high, offset + 4)
}

/** Whether the 8 bytes at `offset` are the hash of `key`. */
export function matchesKeyHash(bytes: Buffer, offset: number, key: string): boolean {
  compute(key)
  return bytes.readInt32LE(offset) === low && bytes.readInt32LE(offset + 4) === high
}

function compute(key: string): void {
  let a = 0xdeadbeef | 0
  let b = 0x41c6ce57
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  low = a
  high = b
}
