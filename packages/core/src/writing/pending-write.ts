import type { Settings } from '../cache/settings.js'
import type { Milliseconds } from '../duration.js'
import type { Address } from '../tiers/tier.js'
import type { CheckedValue } from '../values/schema-check.js'

/** What is to be written at a key, and how the cache keeps it. */
export interface WriteIntent {
  readonly address: Address
  readonly checked: CheckedValue
  readonly settings: Settings
  /** The names of its tags. */
  readonly tags: readonly string[]
}

/** A value that has not reached the database yet. */
export class PendingWrite implements WriteIntent {
  readonly address: Address
  readonly checked: CheckedValue
  readonly settings: Settings
  readonly tags: readonly string[]
  /** Resolves when it has been written, or given up, or when what has taken its place has. */
  readonly done: Promise<void>
  /** When it is to be written, by `Clock.monotonic()`. */
  dueAt: Milliseconds
  /** How often that has failed. */
  failures = 0
  /** What it failed with the last time. */
  error: unknown
  /** Resolves when the attempt to write it is over that is under way. */
  attempt: Promise<void> = Promise.resolve()
  /** What the value in the cache is known by; `undefined` where it is not there. */
  cachedId: unknown
  /** Resolves when the cache has it, or has not taken it. */
  cached: Promise<void> = Promise.resolve()
  #resolve: () => void = () => {}

  constructor({ address, checked, settings, tags }: WriteIntent, dueAt: Milliseconds) {
    this.address = address
    this.checked = checked
    this.settings = settings
    this.tags = tags
    this.dueAt = dueAt
    this.done = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  finish(): void {
    this.#resolve()
  }

  /** It need not be written any more: a newer value stands for it. */
  finishWith(newer: PendingWrite): void {
    void newer.done.then(() => this.finish())
  }
}
