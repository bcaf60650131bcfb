import type { Settings } from '../cache/settings.js'
import type { Address } from '../tiers/tier.js'
import type { CheckedValue } from '../values/schema-check.js'

/** A value that has not reached the database yet. */
export class PendingWrite {
  readonly address: Address
  readonly checked: CheckedValue
  readonly settings: Settings
  /** The names of its tags. */
  readonly tags: readonly string[]
  /** Resolves when it has been written, or given up, or when what has taken its place has. */
  readonly done: Promise<void>
  /** What the value in the cache is known by; `undefined` where it is not there. */
  cachedId: unknown
  /** Resolves when the cache has it, or has not taken it. */
  cached: Promise<void> = Promise.resolve()
  #resolve: () => void = () => {}

  constructor(address: Address, checked: CheckedValue, settings: Settings, tags: readonly string[]) {
    this.address = address
    this.checked = checked
    this.settings = settings
    this.tags = tags
    this.done = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  finish(): void {
    this.#resolve()
  }
}

/** What has not been written, by key: what waits, each key once, and what is being written now. */
export class PendingWrites {
  readonly #limit: number
  readonly #waiting = new Map<string, PendingWrite>()
  readonly #underWay = new Map<string, PendingWrite>()
  /** Who waits for room, by key in the order in which the first came. */
  readonly #line = new Map<string, Newcomer[]>()
  #closed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many wait to be written. */
  get waiting(): number {
    return this.#waiting.size
  }

  get size(): number {
    return this.#waiting.size + this.#underWay.size
  }

  /** The latest value of a key that has not been written. */
  latest(key: string): PendingWrite | undefined {
    return this.#waiting.get(key) ?? this.#underWay.get(key)
  }

  /** Whether a newer value waits. */
  isSuperseded({ address: { key } }: PendingWrite): boolean {
    return this.#waiting.has(key)
  }

  all(): readonly PendingWrite[] {
    return [...this.#waiting.values(), ...this.#underWay.values()]
  }

  /**
   * Takes a value in once there is room for it, at once where its key waits already, in the place of an older one, which
   * need not be written any more. `false` says that it was not taken: it was forgotten before, or there is no more to come.
   */
  enter(write: PendingWrite): Promise<boolean> {
    const { key } = write.address
    if (this.#closed) return Promise.resolve(false)
    if (this.#waiting.has(key) || (this.size < this.#limit && this.#line.size === 0)) {
      this.#add(write)
      return Promise.resolve(true)
    }
    return new Promise(answer => {
      const line = this.#line.get(key)
      if (line === undefined) this.#line.set(key, [{ write, answer }])
      else line.push({ write, answer })
    })
  }

  /** Takes nothing in any more, not even those that wait for room. */
  close(): void {
    this.#closed = true
    for (const key of this.#line.keys()) this.#refuse(key)
  }

  /** The oldest, which are going to be written. */
  take(most: number): PendingWrite[] {
    const taken = [...this.#waiting.values()].slice(0, most)
    for (const write of taken) {
      const { key } = write.address
      this.#waiting.delete(key)
      this.#underWay.set(key, write)
    }
    return taken
  }

  /** Forgets what waits at a key, for room too; what is being written to it goes on. */
  forget(key: string): PendingWrite | undefined {
    const forgotten = this.#waiting.get(key)
    this.#refuse(key)
    this.#waiting.delete(key)
    forgotten?.finish()
    this.#admit()
    return forgotten
  }

  /** What is being written to a key now. */
  underWay(key: string): PendingWrite | undefined {
    return this.#underWay.get(key)
  }

  /** It has been written, or given up. */
  end(write: PendingWrite): void {
    this.#underWay.delete(write.address.key)
    write.finish()
    this.#admit()
  }

  /** It need not be written any more: the newer value that waits stands for it. */
  endInFavourOfNewer(write: PendingWrite): void {
    const { key } = write.address
    this.#underWay.delete(key)
    finishWith(write, this.#waiting.get(key))
    this.#admit()
  }

  #add(write: PendingWrite): void {
    const { key } = write.address
    const older = this.#waiting.get(key)
    this.#waiting.set(key, write)
    if (older !== undefined) finishWith(older, write)
  }

  /** Takes in the first of the line, with all that wait for the same key, as long as there is room. */
  #admit(): void {
    for (const [key, newcomers] of this.#line) {
      if (this.size >= this.#limit) return
      this.#line.delete(key)
      for (const { write, answer } of newcomers) {
        this.#add(write)
        answer(true)
      }
    }
  }

  #refuse(key: string): void {
    const newcomers = this.#line.get(key) ?? []
    this.#line.delete(key)
    for (const { answer } of newcomers) answer(false)
  }
}

/** A value for which there is no room yet. */
interface Newcomer {
  readonly write: PendingWrite
  readonly answer: (taken: boolean) => void
}

function finishWith(older: PendingWrite, newer: PendingWrite | undefined): void {
  if (newer === undefined) older.finish()
  else void newer.done.then(() => older.finish())
}
