import type { Spread } from './interleaved.js'
import type { Goal } from './section.js'

/** Whose figure is to be how many times whose. */
export interface RatioGoal {
  readonly name: string
  readonly one: string
  readonly other: string
  readonly atLeast: number
  readonly checked: boolean
}

/** Goals as ratios of medians; those of contestants that did not take part are left out. */
export function ratioGoals(spreads: ReadonlyMap<string, Spread>, goals: readonly RatioGoal[]): Goal[] {
  return goals.flatMap(({ name, one, other, atLeast, checked }) => {
    const [value, against] = [spreads.get(one)?.median, spreads.get(other)?.median]
    if (value === undefined || against === undefined) return []
    return { name, value: value / against, goal: atLeast, unit: '×', checked }
  })
}
