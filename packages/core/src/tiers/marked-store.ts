import type { Clock } from '../clock.js'
import type { LocalEntry } from './local-entry.js'
import type { LocalStore } from './store.js'

/** The markers of a local store, by key; shared by all caches over it. */
export type Markers = Map<string, LocalEntry>

/** From so many on those that have expired are looked for now and then. */
const SWEPT_FROM = 64

/**
 * A local store with its markers beside it instead of in it, where each would take the room of a value for as long as a
 * load lasts, or be pushed out by one.
 *
 * A key has a marker or an entry, never both: whoever reads the store alone finds nothing where there is a marker.
 */
export class MarkedStore {
  readonly #store: LocalStore
  readonly #markers: Markers
  readonly #clock: Clock
  #sweptFrom = SWEPT_FROM

  constructor(store: LocalStore, markers: Markers, clock: Clock) {
    this.#store = store
    this.#markers = markers
    this.#clock = clock
  }

  get(at: string): LocalEntry | undefined {
    return this.#markers.get(at) ?? (this.#store.get(at) as LocalEntry | undefined)
  }

  set(at: string, entry: LocalEntry, size?: number): void {
    this.#markers.delete(at)
    if (size === undefined) this.#store.set(at, entry)
    else this.#store.set(at, entry, size)
  }

  mark(at: string, marker: LocalEntry): void {
    this.#store.delete(at)
    this.#markers.set(at, marker)
    if (this.#markers.size >= this.#sweptFrom) this.#sweep()
  }

  delete(at: string): boolean {
    const marked = this.#markers.delete(at)
    return this.#store.delete(at) || marked
  }

  /** Drops the keys that start with `prefix`. */
  clear(prefix: string): void {
    for (const at of this.#markers.keys()) if (at.startsWith(prefix)) this.#markers.delete(at)
    this.#store.clear(prefix)
  }

  /** Nearly all are taken away by those who put them there; some are left to expire. */
  #sweep(): void {
    const now = this.#clock.now()
    for (const [at, marker] of this.#markers) if (now >= marker.deleteAt) this.#markers.delete(at)
    this.#sweptFrom = Math.max(SWEPT_FROM, 2 * this.#markers.size)
  }
}
