import type { Path } from '../checking/path.js'

/** A line and a column, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A config as it was given or read, and what is known of where it came from. */
export interface ConfigSource {
  /** What errors call it: the file, or the function that was given it. */
  readonly name: string
  readonly value: unknown
  /** The file, where it is one. */
  readonly file?: string | undefined
  /** The directory that packages and paths are looked up from. */
  readonly directory: string
  /** Where a value stands in the file, or its name where `name` is asked for; the nearest that is there. */
  placeOf?(path: Path, name?: boolean): Place | undefined
}

/** Where variables are looked up. */
export type Environment = Readonly<Record<string, string | undefined>>
