import type { z } from 'zod'
import type { CheckedStore } from './checked-store.js'

/** The settings that stand beside those of a store in the same object, and what they must be. */
export type Beside = Readonly<Record<string, z.ZodType>>

/** What was found in one object: a store, and the settings beside it. */
export interface CheckedObject {
  readonly store: CheckedStore | undefined
  readonly beside: Readonly<Record<string, unknown>>
}

/** What belongs to the store, and what stands beside it. */
export function split(
  given: Record<string, unknown>,
  beside: Beside,
): [Record<string, unknown>, Record<string, unknown>] {
  const entries = Object.entries(given)
  return [
    Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(beside, name))),
    Object.fromEntries(entries.filter(([name]) => Object.hasOwn(beside, name))),
  ]
}
