import { type Duration, isCacheError, type Milliseconds, parseDuration } from '@lookaside/core'
import { z } from 'zod'

/** The longest span that is accepted anywhere: ten years. */
const LONGEST: Milliseconds = 3_650 * 86_400_000

/** The longest span that a timer takes: 24 days. */
export const LONGEST_TIMER: Milliseconds = 2 ** 31 - 1

// A check names what it expects once, for every way in which a value can fail it.

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const error = `an integer from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

/** A number from `min` to `max`, or from `min` on. */
export function number(min: number, max?: number) {
  const error = `a number from ${min}${max === undefined ? '' : ` to ${max}`}`
  const from = z.number({ error }).min(min, { error })
  return max === undefined ? from : from.max(max, { error })
}

/** Text that is not empty, and that `pattern` matches. */
export function text(expected: string, pattern = /./) {
  return z.string({ error: expected }).regex(pattern, { error: expected })
}

/** A span of time from `min` to `max` milliseconds. */
export function duration(min: Milliseconds = 0, max: Milliseconds = LONGEST) {
  const longest = max === LONGEST ? 'ten years' : max === LONGEST_TIMER ? '24 days' : `${max} ms`
  const error = `a duration from ${min} ms to ${longest}: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'`
  const inRange = (given: Duration) => {
    const ms = millisecondsOf(given)
    return ms !== undefined && ms >= min && ms <= max
  }
  const counted = z.number({ error }).min(min, { error }).max(max, { error })
  const spelled = z.string({ error }).regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, { error })
  return z
    .union([counted, spelled as unknown as z.ZodType<Duration, Duration>], { error })
    .refine(inRange, { error })
}

function millisecondsOf(given: Duration): Milliseconds | undefined {
  try {
    return parseDuration(given)
  } catch (error) {
    if (isCacheError(error)) return undefined
    throw error
  }
}

/** `true` or `false`. */
export function flag() {
  return z.boolean({ error: 'true or false' })
}

/** One of a few names. */
export function oneOf<const Names extends readonly [string, ...string[]]>(...names: Names) {
  const quoted = names.map(name => `'${name}'`)
  return z.enum(names, { error: `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}` })
}

/** An object with these names and no others; the names are the message for another one, to tell the nearest by. */
export function object<Shape extends z.core.$ZodShape>(shape: Shape, expected = 'an object') {
  const names = Object.keys(shape).join(' ')
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? names : expected) })
}

/** One of several forms. Problems within an object are told one by one, where nothing but an object can be meant. */
export function either<Forms extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  expected: string,
  ...forms: Forms
) {
  return z.union(forms, { error: expected })
}

/** Something that only a program can give: the JSON schema has no word for it. */
export function fromCode<T>(expected: string, is: (value: object) => boolean) {
  const fits = (value: unknown) =>
    (typeof value === 'object' || typeof value === 'function') && value !== null && is(value)
  return z.custom<T>(fits, { error: `${expected}, which only a program can give` }).meta({ fromCode: true })
}

/** The checks of what an interface says: one for each of its names. */
export type ShapeOf<T> = { readonly [Name in keyof T]-?: z.ZodType<T[Name], unknown> }
