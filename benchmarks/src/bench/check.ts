import type { Goal, Section, SectionContext } from './section.js'
import { figureAndGoal, isReached, lenient } from './verdict.js'

/** How many goals were held. */
export interface Verdict {
  readonly passed: number
  readonly failed: number
}

/** Runs sections for their checked goals alone, and tells each as a line; a section that fails is a goal missed. */
export async function check(
  sections: readonly Section[],
  context: SectionContext,
  tell: (line: string) => void,
): Promise<Verdict> {
  let [passed, failed] = [0, 0]
  for (const section of sections) {
    try {
      for (const goal of await heldGoals(section, context, tell)) {
        const reached = isReached(goal)
        tell(`${reached ? 'passed' : 'FAILED'}  ${section.name}: ${goal.name}: ${figureAndGoal(goal)}`)
        if (reached) passed++
        else failed++
      }
    } catch (error) {
      tell(`FAILED  ${section.name}: ${error instanceof Error ? error.message : String(error)}`)
      failed++
    }
  }
  return { passed, failed }
}

/** A section's goals; one that was missed is measured once more. */
async function heldGoals(
  section: Section,
  context: SectionContext,
  tell: (line: string) => void,
): Promise<readonly Goal[]> {
  const goals = await checkedGoals(section, context)
  const missed = goals.filter(goal => !isReached(goal))
  if (missed.length === 0) return goals
  const figures = missed.map(goal => `${goal.name}: ${figureAndGoal(goal)}`).join('; ')
  tell(`again   ${section.name}: machines are noisy, so what was missed is measured once more: ${figures}`)
  const again = new Map((await checkedGoals(section, context)).map(goal => [goal.name, goal]))
  return goals.map(goal => (isReached(goal) ? goal : (again.get(goal.name) ?? goal)))
}

async function checkedGoals(section: Section, context: SectionContext): Promise<Goal[]> {
  const { goals } = await section.run(context)
  return goals.filter(({ checked }) => checked).map(lenient)
}
