import type { Requests } from '../../workload/trace-formats.js'

/**
 * How many requests a cache can answer at most that has room for so many keys and knows what is still to come: it drops
 * the key that is asked for again last.
 *
 * @see Bélády: A Study of Replacement Algorithms for a Virtual-Storage Computer, IBM Systems Journal, 1966.
 */
export function optimalHits({ ids, distinct }: Requests, maxEntries: number): number {
  const next = nextUses(ids, distinct)
  const isCached = new Uint8Array(distinct)
  // The next uses of what is cached. Those that have come about stay in it, but are below all that are still to come.
  const uses = new MaxHeap(ids.length)
  let room = maxEntries
  let hits = 0
  for (const [index, id] of ids.entries()) {
    if (isCached[id] === 1) hits++
    else if (room > 0) room--
    else isCached[idUsedAt(uses.pop(), ids)] = 0
    isCached[id] = 1
    uses.push(next[index] as number)
  }
  return hits
}

/** For each request, the index of the next one for its key; beyond the end, a number of the key's own, where none is. */
function nextUses(ids: Int32Array, distinct: number): Int32Array {
  const next = new Int32Array(ids.length)
  const upcoming = Int32Array.from({ length: distinct }, (_, id) => ids.length + id)
  for (let index = ids.length - 1; index >= 0; index--) {
    const id = ids[index] as number
    next[index] = upcoming[id] as number
    upcoming[id] = index
  }
  return next
}

function idUsedAt(use: number, ids: Int32Array): number {
  return ids[use] ?? use - ids.length
}

/** Gives out the largest number first. */
class MaxHeap {
  readonly #numbers: Int32Array
  #size = 0

  constructor(capacity: number) {
    this.#numbers = new Int32Array(capacity)
  }

  push(number: number): void {
    const numbers = this.#numbers
    let place = this.#size++
    while (place > 0) {
      const parent = (place - 1) >>> 1
      const above = numbers[parent] as number
      if (above >= number) break
      numbers[place] = above
      place = parent
    }
    numbers[place] = number
  }

  /** The largest number, taken out; the heap must not be empty. */
  pop(): number {
    const numbers = this.#numbers
    const largest = numbers[0] as number
    const last = numbers[--this.#size] as number
    let place = 0
    while (true) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && (numbers[child + 1] as number) > (numbers[child] as number)) child++
      const below = numbers[child] as number
      if (below <= last) break
      numbers[place] = below
      place = child
    }
    numbers[place] = last
    return largest
  }
}
