import { heldLoad } from '../races/held-load.js'

/** A row of a database. */
export interface Row<V> {
  value: V
}

/** A write to a row that commits and returns when the test says so. */
export interface HeldWrite {
  /** The write to hand to `writeThrough`. */
  write(): Promise<string>
  /** Resolves once it has been called. */
  readonly begun: Promise<void>
  readonly calls: number
  /** Puts the value into the row; the write has not returned yet. */
  commit(): void
  /** Lets the write return `'written'`, after having committed. */
  finish(): void
  /** Lets the write reject, whether or not it has committed. */
  fail(error: unknown): void
}

/**
 * A write that waits, so that a test can act before its commit and between its commit and its return.
 *
 * One that never finishes is what others see of a process that has died.
 *
 * @example
 * const held = heldWrite(row, 'new')
 * const writing = writeThrough(cache, 'row', 'new', held.write)
 * await held.begun
 * await cache.delete('row')
 * held.finish()
 */
export function heldWrite<V>(row: Row<V>, value: V): HeldWrite {
  const held = heldLoad<string>()
  let committed = false
  const commit = () => {
    if (!committed) row.value = value
    committed = true
  }
  return {
    write: held.load,
    begun: held.begun,
    get calls() {
      return held.calls
    },
    commit,
    finish() {
      commit()
      held.finish('written')
    },
    fail: held.fail,
  }
}
