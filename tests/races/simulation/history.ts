/** A row of the simulated database, with how it came to be in a cache. */
export interface Row {
  /** How often the database had been written to when the row was read. */
  readonly version: number
  /** When the load that brought it began, or the `set` that stored it. */
  readonly began: Tick
  readonly by: 'load' | 'set'
}

/** A moment: later ones are larger, no two are equal. */
export type Tick = number

/**
 * What obsoletes what was loaded before it.
 *
 * - `delete`: nothing older is served any more.
 * - `expire`: nothing older is served as fresh.
 * - `overwrite` (a `set`, a forced refresh): nothing that was *loaded* earlier is served any more.
 */
export type InvalidationKind = 'delete' | 'expire' | 'overwrite'

interface Invalidation {
  readonly kind: InvalidationKind
  readonly began: Tick
  readonly resolved: Tick
}

/**
 * What has happened in a simulation, and whether the cache has kept its promise: no value whose load began
 * before an invalidation is served as fresh once that invalidation has resolved.
 */
export class History {
  readonly #invalidations: Invalidation[] = []
  /** When each `set` resolved, by when it began. */
  readonly #sets = new Map<Tick, Tick>()
  readonly #lines: string[] = []
  #now: Tick = 0
  #violation: string | undefined

  /** The first broken promise, with all that led to it. */
  get violation(): string | undefined {
    return this.#violation
  }

  /** Notes what happens, and returns the moment of it. */
  tick(line: string): Tick {
    this.#lines.push(`${++this.#now}: ${line}`)
    return this.#now
  }

  /** The invalidation that began at `began` has just resolved. */
  invalidated(kind: InvalidationKind, began: Tick): void {
    this.#invalidations.push({ kind, began, resolved: this.tick(`${kind} of ${began} has resolved`) })
  }

  /** The `set` that began at `began` has just resolved. */
  stored(began: Tick): void {
    this.#sets.set(began, this.tick(`set of ${began} has resolved`))
  }

  /** The call that began at `began` was answered with `row`. */
  served(row: Row, began: Tick, stale = false): void {
    this.tick(`call of ${began} is served the ${row.by} of ${row.began}${stale ? ', as stale' : ''}`)
    for (const invalidation of this.#invalidations) {
      if (invalidation.resolved > began || !this.#obsoletes(invalidation, row, stale)) continue
      this.#break(`${invalidation.kind} of ${invalidation.began} obsoletes the ${row.by} of ${row.began}`)
    }
  }

  /** A forced load that was asked for at `began` must not be answered with less. */
  forced(row: Row, began: Tick): void {
    if (row.by === 'load' && row.began < began) this.#break(`the refresh of ${began} is served an older load`)
  }

  #obsoletes({ kind, began }: Invalidation, row: Row, stale: boolean): boolean {
    if (kind === 'expire' && stale) return false
    if (row.by === 'load') return row.began < began
    // A set is outside the promise, unless it was over before the invalidation began.
    return kind !== 'overwrite' && (this.#sets.get(row.began) ?? Number.POSITIVE_INFINITY) < began
  }

  #break(promise: string): void {
    this.#violation ??= `${promise}\n${this.#lines.join('\n')}`
  }
}
