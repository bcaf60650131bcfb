import type { Goal } from './section.js'

/** Whether a figure is on the good side of its goal. */
export function isReached({ value, goal, bound }: Goal): boolean {
  return bound === 'at most' ? value <= goal : value >= goal
}

/** What `--check` holds a figure to: half of the goal, as machines are noisy; of one that is a limit, twice. */
export function lenient(goal: Goal): Goal {
  return { ...goal, goal: goal.floor ?? (goal.bound === 'at most' ? goal.goal * 2 : goal.goal / 2) }
}

/** The figure and its goal, such as `1.32 × (at least 1 ×)`. */
export function figureAndGoal({ value, goal, bound = 'at least', unit }: Goal): string {
  return `${number(value)} ${unit} (${bound} ${number(goal)} ${unit})`
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return `${Number(value.toFixed(2))}`
}
