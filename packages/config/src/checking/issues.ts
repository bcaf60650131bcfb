import { nearestName } from '@lookaside/core'
import type { z } from 'zod'
import { isPlain } from '../reading/variables.js'
import type { Path } from './path.js'

/** What a schema found wrong, in our words. */
export interface Finding {
  readonly path: Path
  /** What was expected; absent for a name that nobody knows. */
  readonly expected?: string
  /** The whole message, where it is not of the form "expected …; received …". */
  readonly message?: string
  /** What was probably meant by an unknown name. */
  readonly meant?: Path | undefined
}

/** Puts the issues of a schema made by `schema/expected.ts` into words. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], value: unknown): Finding[] {
  return issues.flatMap(issue => findings(issue, value))
}

function findings(issue: z.core.$ZodIssue, value: unknown): Finding[] {
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys':
      // The message of such an object lists its names.
      return issue.keys.map(name => {
        const known = issue.message.split(' ')
        const near = nearestName(name, known)
        const meant = near === undefined ? undefined : [...path, near]
        return { path: [...path, name], message: unknownName(name, known), meant }
      })
    case 'invalid_key':
      return [{ path, message: `expected ${issue.issues[0]?.message}; received '${String(path.at(-1))}'` }]
    case 'invalid_union': {
      const meant = isPlain(valueAt(value, path)) ? issue.errors.filter(lookedInside) : []
      const [branch] = meant
      if (branch === undefined || meant.length > 1) break
      const inside = valueAt(value, path)
      return findingsOf(branch, inside).map(found => ({
        ...found,
        path: [...path, ...found.path],
        meant: found.meant && [...path, ...found.meant],
      }))
    }
    default:
  }
  return [{ path, expected: issue.message }]
}

/** Whether a branch of a union took the value for what it is, and stumbled over something in it. */
function lookedInside(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
}

/** Says that a name is unknown, which one was probably meant, and which there are. */
export function unknownName(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  if (near !== undefined) return `unknown name '${name}'; did you mean '${near}'?`
  return `unknown name '${name}'. Known: ${known.join(', ')}`
}

/** What stands at a path; `undefined` where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.hasOwn(found, key) ? (found as Record<PropertyKey, unknown>)[key] : undefined
  }
  return found
}
