import { type Path, pathText } from '../checking/path.js'
import type { Environment } from './config-source.js'

/** A config with the values of its variables. */
export interface Substituted {
  readonly value: unknown
  /** What stood there before, such as `${REDIS_URL}`, by the path of each text that had a variable. */
  readonly before: ReadonlyMap<string, string>
  /** Where the items of a list stood, by the path of each list that had some left out. */
  readonly lists: ReadonlyMap<string, readonly number[]>
  /** What variables were worth, which may be secrets. */
  readonly worth: readonly string[]
  readonly problems: readonly { readonly path: Path; readonly message: string }[]
}

const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\}|[^}]*\}?)/g
const ONE_REFERENCE = /^\$\{[^}]*\}$/

/** What stands there may be part of a password. */
const MALFORMED =
  'expected ${NAME} or ${NAME:-default}, the default without another ${; received a ${ that something else follows. Write $${ for a ${ that is meant as it is'

/**
 * Puts the values of environment variables in the place of `${NAME}` and `${NAME:-default}`, in every text of a config.
 *
 * The default counts where the variable is not set, or empty. A text that is one reference only, and comes to nothing,
 * is left out, as if it had not been given. `$${` stands for `${` itself. Names are left alone, and so is what is no
 * plain object or array.
 */
export function substitute(config: unknown, env: Environment): Substituted {
  const before = new Map<string, string>()
  const worth: string[] = []
  const lists = new Map<string, readonly number[]>()
  const problems: { path: Path; message: string }[] = []

  function within(value: unknown, path: Path, around: readonly object[]): unknown {
    if (typeof value === 'string') return value.includes('${') ? inText(value, path) : value
    if (!Array.isArray(value) && !isPlain(value)) return value
    if (around.includes(value)) {
      problems.push({ path, message: 'it contains itself' })
      return undefined
    }
    const inside = [...around, value]
    if (Array.isArray(value)) {
      const items: unknown[] = []
      const kept: number[] = []
      for (const [index, given] of value.entries()) {
        const known = problems.length
        const item = within(given, [...path, index], inside)
        // What has a problem keeps its place: nothing else is wrong with the list for that.
        if (item === undefined && given !== undefined && problems.length === known) continue
        items.push(item)
        kept.push(index)
      }
      if (kept.length < value.length) lists.set(pathText(path), kept)
      return items
    }
    const entries = Object.entries(value).map(
      ([name, item]) => [name, within(item, [...path, name], inside)] as const,
    )
    // Object.fromEntries takes '__proto__' for a name like any other.
    return Object.fromEntries(
      entries.filter(([name, item]) => item !== undefined || value[name] === undefined),
    )
  }

  function inText(given: string, path: Path): string | undefined {
    let missing = false
    const text = given.replace(
      REFERENCE,
      (reference, name: string | undefined, fallback: string | undefined) => {
        if (reference === '$${') return '${'
        const problem = name === undefined || fallback?.includes('${') ? MALFORMED : undefined
        const set = name !== undefined && Object.hasOwn(env, name) ? env[name] : undefined
        const value = fallback === undefined || set ? set : fallback
        if (problem !== undefined || value === undefined) {
          missing = true
          problems.push({ path, message: problem ?? unset(name as string) })
          return ''
        }
        if (set) worth.push(set)
        return value
      },
    )
    before.set(pathText(path), given)
    return missing || (text === '' && ONE_REFERENCE.test(given)) ? undefined : text
  }

  return { value: within(config, [], []), before, lists, worth, problems }
}

function unset(name: string): string {
  return `the environment variable ${name} is not set; set it, or give a default: \${${name}:-default}`
}

/** Whether it is an object literal, as files have them, and not an instance of something. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
