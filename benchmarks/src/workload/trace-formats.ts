/** The requests of a trace: ids from 0, in the order in which they first occur. */
export interface Requests {
  readonly ids: Int32Array
  /** How many different ones there are. */
  readonly distinct: number
}

/** Numbers the keys of a trace. */
class Numbering {
  readonly #ids = new Map<string | number, number>()
  readonly #requests: number[] = []

  add(key: string | number): void {
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(key, id)
    }
    this.#requests.push(id)
  }

  done(): Requests {
    return { ids: Int32Array.from(this.#requests), distinct: this.#ids.size }
  }
}

/** The format of the ARC paper's traces: `start count _ _` a line, a request for each of `count` blocks from `start`. */
export function parseArc(text: string): Requests {
  const numbering = new Numbering()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [start = Number.NaN, count = Number.NaN] = line.trim().split(/\s+/).map(Number)
    if (!Number.isInteger(start) || !Number.isInteger(count)) {
      throw new Error(`not a line of an ARC trace: ${JSON.stringify(line.slice(0, 100))}`)
    }
    for (let block = start; block < start + count; block++) numbering.add(block)
  }
  return numbering.done()
}

/** The format of the LIRS paper's traces: a key a line; a line with `*` separates parts. */
export function parseLirs(text: string): Requests {
  const numbering = new Numbering()
  for (const line of text.split('\n')) {
    const key = line.trim()
    if (key !== '' && key !== '*') numbering.add(key)
  }
  return numbering.done()
}
