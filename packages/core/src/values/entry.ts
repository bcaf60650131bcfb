import type { EpochMs, Milliseconds } from '../duration.js'

/** The instants of a value, without the value. */
export interface EntryMeta {
  /** When the load that produced the value began. */
  readonly createdAt: EpochMs
  /** How long that load took. */
  readonly loadTime: Milliseconds
  /** Fresh before this instant; 0 once the entry has been expired. */
  readonly staleAt: EpochMs
  /** Dead from this instant on; between `staleAt` and this the value may be served as stale. */
  readonly deleteAt: EpochMs
  /** The application's `version` of the value's shape; 0 without one. */
  readonly schemaVersion: number
}

/** A value with its instants, in memory. */
export interface Entry<V> extends EntryMeta {
  readonly value: V
}

/** What has no frame has no instants of its own: it is fresh for as long as the store keeps it. */
export function unframed(schemaVersion: number, value: unknown): Entry<unknown> {
  return {
    value,
    createdAt: 0,
    loadTime: 0,
    staleAt: Number.POSITIVE_INFINITY,
    deleteAt: Number.POSITIVE_INFINITY,
    schemaVersion,
  }
}
