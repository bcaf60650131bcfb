import { quote } from '@lookaside/core'
import type { z } from 'zod'
import type { ConfigSource } from '../reading/config-source.js'
import { isPlain, type Substituted } from '../reading/variables.js'
import { ConfigError, type ConfigProblem } from './config-error.js'
import { findingsOf, valueAt } from './issues.js'
import { type Path, pathText } from './path.js'

const SECRET_NAME = /pass|secret|token|credential|auth|^key$|privatekey|apikey/i
/** Shorter values are hardly secrets, and would be found in any text. */
const SHORTEST_SECRET = 4
/** As a shell has it. */
const BARE_VARIABLE = /^\$[A-Za-z_]\w*$/
const ONE_REFERENCE = /^\$\{[^}]*\}$/

/** Collects what is wrong with one config, so that all of it is told at once. */
export class Findings {
  readonly #source: ConfigSource
  readonly #before: Map<string, string>
  readonly #lists: Substituted['lists']
  readonly #worth: readonly string[]
  readonly #problems: ConfigProblem[] = []

  constructor(source: ConfigSource, { before, lists, worth, problems }: Substituted) {
    this.#source = source
    this.#before = new Map(before)
    this.#lists = lists
    // The longest first: it may have another in it.
    this.#worth = worth.toSorted((a, b) => b.length - a.length)
    for (const { path, message } of problems) this.#add(path, message)
  }

  /** @param atName whether it is the name that is wrong, and not what stands there. */
  add(path: Path, message: string, atName = false): void {
    this.#add(this.#asWritten(path), message, atName)
  }

  /** Adds that something else was expected than what is given. */
  expected(path: Path, expected: string, given: unknown): void {
    const hint =
      typeof given === 'string' && BARE_VARIABLE.test(given) ? '. A variable is written as ${NAME}' : ''
    this.add(path, `expected ${expected}; received ${this.shown(path, given)}${hint}`)
  }

  /** Adds what somebody else says, who knows nothing of variables: their values are taken out. */
  addForeign(path: Path, given: string): void {
    // What a cache is called says nothing of what it holds.
    const isCache = path.length === 2 && path[0] === 'caches'
    const mayShow = !this.hadVariable(path) && (isCache || !SECRET_NAME.test(String(path.at(-1))))
    const message = mayShow
      ? given
      : given.replace(/[,;:.]?\s*(?:but )?\b(?:received|got)\b.*$/is, '; what was given is not shown')
    const told = this.#worth.filter(value => value.length >= SHORTEST_SECRET)
    this.add(
      path,
      told.reduce((text, value) => text.replaceAll(value, '***'), message),
    )
  }

  /** Says that what stands at `to` was written at `from`. */
  movedFrom(from: Path, to: Path): void {
    const before = this.#before.get(pathText(this.#asWritten(from)))
    if (before !== undefined) this.#before.set(pathText(this.#asWritten(to)), before)
  }

  /** Whether something is known to be wrong at a path: what follows from it is not told. */
  has(path: Path): boolean {
    const at = pathText(this.#asWritten(path))
    return this.#problems.some(known => known.path === at)
  }

  /** Whether the text at a path had a variable in it. */
  hadVariable(path: Path): boolean {
    return this.#before.has(pathText(this.#asWritten(path)))
  }

  /**
   * Checks a value, and adds what is wrong with it; `undefined` then.
   *
   * A variable gives text. Where that is not what is expected, it is taken for the number, `true` or `false` that it
   * spells.
   */
  check<T>(schema: z.ZodType<T>, value: unknown, path: Path): T | undefined {
    const first = schema.safeParse(value)
    if (first.success) return first.data
    const reread = this.reread(
      value,
      path,
      findingsOf(first.error.issues, value).map(found => found.path),
    )
    const result = reread === undefined ? first : schema.safeParse(reread)
    if (result.success) return result.data
    const found = findingsOf(result.error.issues, value)
    const meant = new Set(found.flatMap(one => (one.meant === undefined ? [] : pathText(one.meant))))
    for (const { path: within, expected, message } of found) {
      // It is there, under the name that is misspelled.
      if (message === undefined && meant.has(pathText(within)) && valueAt(value, within) === undefined)
        continue
      const at = [...path, ...within]
      if (message !== undefined) this.add(at, message, true)
      else this.expected(at, expected ?? 'something else', valueAt(value, within))
    }
    return undefined
  }

  /** What was given, without what may be a secret. */
  shown(path: Path, value: unknown): string {
    const before = this.#before.get(pathText(this.#asWritten(path)))
    if (before !== undefined) {
      return ONE_REFERENCE.test(before)
        ? `the value of ${withoutDefaults(before)}, which is not shown${blanksOf(value)}`
        : quote(withoutUser(withoutDefaults(before)))
    }
    // A file that is no object may be any text.
    if (path.length === 0 && typeof value === 'string') return 'a text, which is not shown'
    if (value === undefined || (value === null && path.length === 0)) return 'nothing'
    if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
    if (isPlain(value)) return Object.keys(value).length === 0 ? 'an empty object' : 'an object'
    if (SECRET_NAME.test(String(path.at(-1))))
      return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}, which is not shown`
    return quote(typeof value === 'string' ? withoutUser(value) : value)
  }

  /** Tells all that was found, in the order of their places. @throws ConfigError */
  throwAny(): void {
    if (this.#problems.length === 0) return
    const ordered = this.#problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
    throw new ConfigError(this.#source.name, ordered)
  }

  #add(path: Path, message: string, atName = false): void {
    const { file } = this.#source
    const at = pathText(path)
    // What follows from a problem is none of its own.
    if (this.#problems.some(known => known.path === at)) return
    this.#problems.push({ path: at, message, file, ...this.#source.placeOf?.(path, atName) })
  }

  /** The path as the config has it, where lists still have the items that were left out. */
  #asWritten(path: Path): Path {
    if (this.#lists.size === 0) return path
    const written: PropertyKey[] = []
    for (const key of path) {
      const kept = this.#lists.get(pathText(written))
      written.push(kept?.[Number(key)] ?? key)
    }
    return written
  }

  /** A value with what variables spell in the place of their texts at `paths`; `undefined` where there is none. */
  reread(value: unknown, path: Path, paths: readonly Path[]): unknown {
    let reread: unknown
    for (const at of paths) {
      const given = valueAt(value, at)
      if (typeof given !== 'string' || !this.hadVariable([...path, ...at])) continue
      const meant = spelled(given)
      if (meant === undefined) continue
      reread = withValueAt(reread ?? value, at, meant)
    }
    return reread
  }
}

/** What to say of a variable as a shell has it; nothing of anything else. */
export function variableHint(given: unknown): string {
  return typeof given === 'string' && BARE_VARIABLE.test(given) ? '. A variable is written as ${NAME}' : ''
}

/** What may be wrong with a value that nobody sees, as with a secret that was written with a line end. */
function blanksOf(value: unknown): string {
  return typeof value === 'string' && value !== value.trim() ? '; it begins or ends with a blank' : ''
}

/** The number, `true` or `false` that a text spells. */
function spelled(text: string): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** A copy with another value at `path`, which is there. */
function withValueAt(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
  if (key === undefined) return put
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<PropertyKey, unknown>
  copy[key] = withValueAt(copy[key], rest, put)
  return copy
}

/** The references of a text without their defaults, which may be passwords. */
function withoutDefaults(text: string): string {
  return text.replace(/(\$\{\w+):-[^}]*\}/g, '$1}')
}

/** Without what may be a password: all up to the last '@'. */
function withoutUser(text: string): string {
  return text.replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/)?.+@/is, '$1***@')
}
