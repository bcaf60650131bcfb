import type { Entry } from '@lookaside/core'

/** An entry that holds `value`, with instants that mean nothing to a store. */
export function entryOf(value: unknown): Entry<unknown> {
  return { value, createdAt: 0, loadTime: 0, staleAt: 0, deleteAt: 0, schemaVersion: 0 }
}
