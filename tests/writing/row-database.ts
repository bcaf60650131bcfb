import type { WriteBehindContext } from '@lookaside/core'

/** What one write was given: `'1: a=1 b=2'`, the number being that of the attempt. */
type Line = string

/** A database that takes rows in batches, and fails when it is told to. */
export class RowDatabase {
  readonly rows = new Map<string, unknown>()
  readonly writes: Line[] = []
  /** Keys that it refuses, whatever else is in their batch. */
  readonly refused = new Set<string>()
  /** Keys that spoil the batch that they are in. */
  readonly poisonous = new Set<string>()
  /** Every write fails with it while it is there. */
  down: unknown
  /** A write waits for it. */
  held: Promise<void> | undefined
  /** Keys that were written while a write of theirs was under way. */
  readonly overlaps: string[] = []
  readonly #underWay = new Set<string>()

  readonly write = async (
    entries: readonly (readonly [string, unknown])[],
    { attempt }: WriteBehindContext,
  ): Promise<(Error | undefined)[] | undefined> => {
    this.writes.push(`${attempt}: ${entries.map(([key, value]) => `${key}=${value}`).join(' ')}`)
    for (const [key] of entries) {
      if (this.#underWay.has(key)) this.overlaps.push(key)
      this.#underWay.add(key)
    }
    try {
      await this.held
      if (this.down !== undefined) throw this.down
      const poison = entries.find(([key]) => this.poisonous.has(key))
      if (poison !== undefined) throw new Error(`${poison[0]} violates a constraint`)
      const accepted = entries.filter(([key]) => !this.refused.has(key))
      for (const [key, value] of accepted) this.rows.set(key, value)
      if (accepted.length === entries.length) return undefined
      return entries.map(([key]) => (this.refused.has(key) ? new Error(`${key} refused`) : undefined))
    } finally {
      for (const [key] of entries) this.#underWay.delete(key)
    }
  }
}
