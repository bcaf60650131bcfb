const STEPS_PER_OCTAVE = 8
const SMALLEST = 0.001
const BUCKETS = STEPS_PER_OCTAVE * 34

/** Latencies in buckets that grow by 9 %: from a microsecond to some hours in a fixed 1 KB. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #max = 0

  record(ms: number): void {
    const step = ms <= SMALLEST ? 0 : Math.floor(Math.log2(ms / SMALLEST) * STEPS_PER_OCTAVE)
    const bucket = Math.min(step, BUCKETS - 1)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  quantiles(): Quantiles {
    return { count: this.#count, p50: this.#at(0.5), p99: this.#at(0.99), max: this.#max }
  }

  /** The upper edge of the bucket that holds the quantile: at most 9 % too high. */
  #at(quantile: number): number {
    if (this.#count === 0) return 0
    const rank = Math.ceil(this.#count * quantile)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return Math.min(SMALLEST * 2 ** ((bucket + 1) / STEPS_PER_OCTAVE), this.#max)
    }
    return this.#max
  }
}

/** Latencies in milliseconds; zeros while nothing has been counted. */
export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}
