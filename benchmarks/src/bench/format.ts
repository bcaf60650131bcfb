import type { Spread } from './interleaved.js'

/** `1,234`, or `1.23 M` from a million. */
export function count(number: number): string {
  if (number >= 1e6) return `${(number / 1e6).toFixed(2)} M`
  return Math.round(number).toLocaleString('en')
}

/** The quartiles, which half of the rounds were between. */
export function quartiles({ low, high }: Spread): string {
  return `${count(low)} – ${count(high)}`
}

/** How many times as much. */
export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}
