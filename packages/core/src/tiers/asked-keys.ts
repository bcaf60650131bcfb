import type { KeyHash } from '../keys/key-hash.js'
import { randomBits } from '../random-bits.js'

/** What was asked at one key. */
interface Asked {
  readonly at: string
  readonly hash: KeyHash
}

/** Places of a new table; a power of two, as every larger one. */
const FIRST_PLACES = 256

/** A table that has grown larger is given up when it is cleared. */
const MOST_PLACES = 16_384

/** Drawn anew by each process: nobody can choose keys that all fall on one place. */
const SEED = Buffer.from(randomBits().subarray(0, 4)).readInt32LE()

/** From here on places are numbered anew. */
const LAST_NUMBER = 2 ** 30

/**
 * What has been asked in a tick, found by key.
 *
 * A hash table by the hash that each key comes with: a `Map` would hash every key once more, and first have to make
 * one flat string of a prefix and a key that were only just joined.
 */
export class AskedKeys<T extends Asked> {
  #asked: T[] = []
  /** Each place holds the number of what was asked; up to `#taken` they are of earlier ticks, and so the place is free. */
  #places = new Int32Array(FIRST_PLACES)
  #taken = 0

  find(at: string, hash: KeyHash): T | undefined {
    const asked = this.#asked
    const places = this.#places
    const last = places.length - 1
    for (let place = this.#first(hash); ; place = (place + 1) & last) {
      const index = (places[place] as number) - this.#taken - 1
      if (index < 0) return undefined
      const found = asked[index] as T
      if (found.hash.low === hash.low && found.at === at) return found
    }
  }

  /** Adds what `find` has not found. */
  add(asked: T): void {
    this.#asked.push(asked)
    // At most half full, so that what is looked for is near its place.
    if (this.#asked.length * 2 > this.#places.length) this.#grow()
    else this.#place(asked, this.#asked.length)
  }

  /** Forgets all of it. */
  clear(): void {
    this.#taken += this.#asked.length
    this.#asked = []
    if (this.#taken <= LAST_NUMBER && this.#places.length <= MOST_PLACES) return
    this.#taken = 0
    this.#places = new Int32Array(FIRST_PLACES)
  }

  /** The place to look at first: the upper bits, into which all others have been multiplied. */
  #first({ low, high }: KeyHash): number {
    const mixed = Math.imul(low ^ SEED, 0x9e3779b1) ^ Math.imul(high ^ SEED, 0x85ebca6b)
    return mixed >>> (Math.clz32(this.#places.length) + 1)
  }

  #place({ hash }: T, count: number): void {
    const places = this.#places
    const last = places.length - 1
    let place = this.#first(hash)
    while ((places[place] as number) > this.#taken) place = (place + 1) & last
    places[place] = this.#taken + count
  }

  #grow(): void {
    this.#places = new Int32Array(this.#places.length * 2)
    for (const [index, asked] of this.#asked.entries()) this.#place(asked, index + 1)
  }
}
