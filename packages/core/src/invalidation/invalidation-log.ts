/** Enough for what is invalidated while one load is under way. */
const LIMIT = 10_000

/**
 * What was invalidated in this process lately, in order: whoever read or loaded meanwhile learns whether it counts.
 *
 * Names are wire keys, of values and of tags. Where the log does not reach back far enough everything counts as
 * invalidated: that costs a copy, never the promise.
 */
export class InvalidationLog {
  /** The number of the latest invalidation; whoever begins something remembers it. */
  now = 0
  #forgottenUntil = 0
  readonly #latest = new Map<string, number>()

  note(name: string): void {
    this.now++
    // Deleted first, so that the map stays in the order of the numbers.
    this.#latest.delete(name)
    this.#latest.set(name, this.now)
    if (this.#latest.size <= LIMIT) return
    for (const [oldest, number] of this.#latest) {
      this.#latest.delete(oldest)
      this.#forgottenUntil = number
      return
    }
  }

  /** Everything was invalidated, or may have been. */
  noteAll(): void {
    this.now++
    this.#forgottenUntil = this.now
    this.#latest.clear()
  }

  /** Whether everything was, or may have been, after the log stood at `since`. */
  hasAllSince(since: number): boolean {
    return since < this.#forgottenUntil
  }

  /** Whether `name` was invalidated after the log stood at `since`. */
  hasSince(name: string, since: number): boolean {
    return since < this.#forgottenUntil || (this.#latest.get(name) ?? 0) > since
  }
}
