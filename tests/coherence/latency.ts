import { from } from './phases.js'
import type { Phase } from './workers/watch.mjs'

/** How long after the return of an invalidation another process heard of it, and served the new value; in ms. */
export interface Latency {
  readonly message: number
  readonly value: number
}

/** Those of all processes but the one that invalidated. */
export function latenciesIn(all: readonly Phase[][], writer: number, sign: string): Latency[] {
  const returned = at(all[writer] ?? [], 'returned')
  const others = all.filter((_, index) => index !== writer)
  return others.map(phases => ({
    message: at(phases, `heard ${sign}`) - returned,
    value: at(phases, 'new') - returned,
  }))
}

/** In words, for people: no test goes by it. */
export function spreadOf(latencies: readonly Latency[]): string {
  const spread = (name: keyof Latency) => {
    const sorted = latencies.map(latency => latency[name]).sort((a, b) => a - b)
    const [middle, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)]
    return `${middle?.toFixed(1)} ms (${least?.toFixed(1)} to ${most?.toFixed(1)})`
  }
  return `after it has returned the others heard of it in ${spread('message')}, served the new value in ${spread('value')}`
}

function at(phases: readonly Phase[], mark: string): number {
  return from(phases, mark)[0]?.at ?? Number.NaN
}
