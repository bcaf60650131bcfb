import { isDeepStrictEqual } from 'node:util'

/** The sizes that values are measured in, by their JSON text. */
export const VALUE_SIZES = { '200 B': 200, '2 KB': 2_048, '64 KB': 65_536, '1 MB': 1_000_000 } as const

export type ValueSize = keyof typeof VALUE_SIZES

/**
 * A value as an application has them: an object with fields of several types, whose JSON text has about the size.
 *
 * All of them have one shape, as rows of a table do: of objects with a shape each, resolving a promise alone would take
 * longer than a lookup.
 */
export function valueFor(key: string, size: ValueSize): unknown {
  const value = {
    key,
    name: `The name of ${key}`,
    active: true,
    score: key.length / 7,
    roles: ['reader', 'writer'],
    text: '',
  }
  const left = VALUE_SIZES[size] - JSON.stringify(value).length
  value.text = 'lorem ipsum '.repeat(Math.ceil(left / 12)).slice(0, Math.max(0, left))
  return value
}

/**
 * What is checked before anything is timed, whatever the order of its fields.
 *
 * @throws Error when a subject returned anything else than the value.
 */
export function checkValue(subject: string, key: string, size: ValueSize, returned: unknown): void {
  if (isDeepStrictEqual(returned, valueFor(key, size))) return
  throw new Error(`${subject} did not return the value of ${key}: ${JSON.stringify(returned)?.slice(0, 100)}`)
}
