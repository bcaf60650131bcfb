/** The smallest of the sorted numbers that at least a share `q` of them do not exceed; NaN where there is none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

/** A sorted copy. */
export function sort(numbers: Iterable<number>): Float64Array {
  return Float64Array.from(numbers).sort()
}
