import { readableNumber } from './readable-number.js'

/** An axis: where on it a number is, and the numbers that are written at it. */
export interface Axis {
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  /** Where a number is: 0 is the beginning of the axis, 1 its end. */
  share(number: number): number
}

/** Where a linear axis begins: with 0, or with the least number where that is far from 0. */
export type AxisBegin = 'zero' | 'near'

/** An axis that has room for all of the numbers. */
export function axisOf(numbers: readonly number[], logarithmic: boolean, from: AxisBegin): Axis {
  if (logarithmic) return logarithmicAxis(numbers.filter(number => number > 0 && Number.isFinite(number)))
  return linearAxis(numbers.filter(Number.isFinite), from)
}

/** Whether the axis has a place for the number. */
export function isOnAxis(number: number, logarithmic: boolean): boolean {
  return Number.isFinite(number) && (!logarithmic || number > 0)
}

const LINEAR_TICKS = 5

/** The least number is far from 0 if it is more than this share of the most. */
const FAR = 0.25

function linearAxis(numbers: readonly number[], from: AxisBegin): Axis {
  const [lowest, most] = [Math.min(...numbers), Math.max(...numbers)]
  const begins = from === 'near' && lowest > FAR * most ? 'near' : 'zero'
  const least = begins === 'near' ? lowest : Math.min(0, lowest)
  if (!(least < most)) return linearAxis([0, most > 0 && Number.isFinite(most) ? most * 2 : 1], 'zero')
  const step = roundStep((most - least) / LINEAR_TICKS)
  const begin = begins === 'zero' ? Math.floor(least / step) * step : least
  // Upwards the end is a tick, so that the highest is below one; across, lines end where their labels are.
  const end = from === 'zero' ? Math.ceil(most / step) * step : most
  const first = Math.ceil(begin / step)
  const count = Math.floor(end / step + 1e-9) - first + 1
  const ticks = Array.from({ length: count }, (_, index) => (first + index) * step)
  return {
    ticks: ticks.map(at => ({ at, label: readableNumber(at) })),
    share: number => (number - begin) / (end - begin),
  }
}

/** The least of 1, 2, 5, 10, 20 … that is not below. */
function roundStep(step: number): number {
  const decade = 10 ** Math.floor(Math.log10(step))
  return ([1, 2, 5, 10].find(factor => factor * decade >= step * (1 - 1e-9)) ?? 10) * decade
}

/** With fewer decades there are ticks between them. */
const ENOUGH_DECADES = 3

function logarithmicAxis(numbers: readonly number[]): Axis {
  if (numbers.length === 0) return logarithmicAxis([1, 10])
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
  const factors = most / least < 10 ** ENOUGH_DECADES ? [1, 2, 5] : [1]
  const decades = stepsOf(Math.floor(Math.log10(least)) - 1, Math.ceil(Math.log10(most)) + 1)
  const all = decades.flatMap(decade => factors.map(factor => Number(`${factor}e${decade}`)))
  const before = all.findLastIndex(at => at <= least)
  const after = all.findIndex(at => at >= most)
  const ticks = all.slice(before, Math.max(after, before + 1) + 1)
  const [begin, end] = [Math.log10(ticks[0] as number), Math.log10(ticks.at(-1) as number)]
  return {
    ticks: ticks.map(at => ({ at, label: readableNumber(at) })),
    share: number => (Math.log10(number) - begin) / (end - begin),
  }
}

function stepsOf(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
