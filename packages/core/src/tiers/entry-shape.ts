import type { StandardSchema } from '../values/standard-schema.js'

/** What the entries of one view have in common, kept once for all of them. */
export interface EntryShape {
  readonly schemaVersion: number
  /** The schema that gave the values out. */
  readonly schema: StandardSchema | undefined
  /** Whether the values pass their schema again, so that another one can check them. */
  readonly checkable: boolean
}

/** So many are remembered; whoever has more has some of them twice. */
const REMEMBERED = 16

const shapes: EntryShape[] = []
let next = 0

/** The shape of these, the same object for many entries. */
export function entryShape({ schemaVersion, schema, checkable }: EntryShape): EntryShape {
  for (const shape of shapes) {
    if (shape.schemaVersion === schemaVersion && shape.schema === schema && shape.checkable === checkable) {
      return shape
    }
  }
  const shape = { schemaVersion, schema, checkable }
  shapes[next] = shape
  next = (next + 1) % REMEMBERED
  return shape
}
