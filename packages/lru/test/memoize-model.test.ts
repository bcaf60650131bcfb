import { ManualClock } from '@lookaside/testing'
import { expect, it } from 'vitest'
import { memoize } from '../src/index.js'

const TTL = 3
const ARGUMENTS = [0, -0, 1, '1', Number.NaN, undefined, null, {}]

interface Remembered {
  readonly args: readonly unknown[]
  readonly result: object
  readonly until: number
}

/** What a memoized function is to do, in the plainest way: a list, the latest used at its end. */
class Model {
  readonly maxEntries: number
  #list: Remembered[] = []
  #hits = 0
  #misses = 0

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries
  }

  /** What a call returns from memory; `make` is asked for the result otherwise. */
  call(args: readonly unknown[], now: number, make: () => object): object {
    const found = this.#take(args)
    if (found !== undefined && now < found.until) {
      this.#hits++
      this.#list.push(found)
      return found.result
    }
    this.#misses++
    const result = make()
    this.#list.push({ args, result, until: now + TTL })
    if (this.#list.length > this.maxEntries) this.#list.shift()
    return result
  }

  delete(args: readonly unknown[], now: number): boolean {
    const found = this.#take(args)
    return found !== undefined && now < found.until
  }

  clear(): void {
    this.#list = []
    this.#hits = 0
    this.#misses = 0
  }

  info() {
    return { hits: this.#hits, misses: this.#misses, size: this.#list.length, maxEntries: this.maxEntries }
  }

  #take(args: readonly unknown[]): Remembered | undefined {
    const same = (other: Remembered) =>
      other.args.length === args.length && other.args.every((arg, index) => Object.is(arg, args[index]))
    const found = this.#list.find(same)
    this.#list = this.#list.filter(other => other !== found)
    return found
  }
}

it.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'a random program of calls sees what a plain list would give it (seed %i)',
  async seed => {
    const random = seededRandom(seed)
    const upTo = (n: number) => Math.floor(random() * n)
    const clock = new ManualClock()
    const model = new Model(1 + upTo(6))
    const fn = memoize((..._args: unknown[]): object => ({}), {
      maxEntries: model.maxEntries,
      ttl: TTL,
      clock,
    })
    for (let step = 0; step < 500; step++) {
      const args = Array.from({ length: upTo(4) }, () => ARGUMENTS[upTo(ARGUMENTS.length)])
      const now = clock.monotonic()
      const dice = random()
      if (dice < 0.8) {
        const result = fn(...args)
        expect(model.call(args, now, () => result)).toBe(result)
      } else if (dice < 0.9) expect(fn.delete(...args)).toBe(model.delete(args, now))
      else if (dice < 0.98) await clock.advance(1)
      else {
        fn.clear()
        model.clear()
      }
      expect(fn.info()).toEqual(model.info())
    }
  },
)

/** Mulberry32: numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
