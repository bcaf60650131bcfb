import type { Milliseconds } from '../duration.js'
import type { PendingWrite } from './pending-write.js'

/** A value for which there is no room yet. */
interface Newcomer {
  readonly write: PendingWrite
  readonly answer: (taken: boolean) => void
}

/**
 * What has not been written, by key: what is new, what has failed and is tried again later, and what is being written.
 *
 * A key is new or has failed, never both: the newer value stands for the older one.
 */
export class PendingWrites {
  readonly #limit: number
  readonly #new = new Map<string, PendingWrite>()
  readonly #failed = new Map<string, PendingWrite>()
  readonly #underWay = new Map<string, PendingWrite>()
  /** Who waits for room, by key in the order in which the first came. */
  readonly #line = new Map<string, Newcomer[]>()
  #closed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#new.size + this.#failed.size + this.#underWay.size
  }

  /** Whether enough are there to write them without waiting for more: a batch, or all that there is room for. */
  isFull(batch: number): boolean {
    return this.#new.size >= batch || this.#line.size > 0 || this.size >= this.#limit
  }

  /** The latest value of a key that has not been written. */
  latest(key: string): PendingWrite | undefined {
    return this.#new.get(key) ?? this.#failed.get(key) ?? this.#underWay.get(key)
  }

  /** Whether a newer value waits. */
  isSuperseded({ address: { key } }: PendingWrite): boolean {
    return this.#new.has(key)
  }

  all(): readonly PendingWrite[] {
    return [...this.#new.values(), ...this.#failed.values(), ...this.#underWay.values()]
  }

  /**
   * Takes a value in once there is room for it, at once where its key waits already, in the place of an older one, which
   * need not be written any more. `false` says that it was not taken: it was forgotten before, or there is no more to come.
   */
  enter(write: PendingWrite): Promise<boolean> {
    const { key } = write.address
    if (this.#closed) return Promise.resolve(false)
    const waits = this.#new.has(key) || this.#failed.has(key)
    if (waits || (this.size < this.#limit && this.#line.size === 0)) {
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

  /** What is new need not wait for others. */
  hurry(now: Milliseconds): void {
    for (const write of this.#new.values()) write.dueAt = Math.min(write.dueAt, now)
  }

  /** When something is to be written next. */
  nextDue(): Milliseconds | undefined {
    const [oldest] = this.#new.values()
    const next = Math.min(oldest?.dueAt ?? Number.POSITIVE_INFINITY, this.#nextRetry())
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  /** What is due first, at most `most` of those that have failed as often; they are going to be written. */
  take(now: Milliseconds, most: (failures: number) => number): PendingWrite[] {
    const [oldest] = this.#new.values()
    // Where there is always something new, what has failed has its turn all the same. The oldest takes the others with it.
    const due =
      oldest !== undefined && oldest.dueAt <= Math.min(now, this.#nextRetry())
        ? [...this.#new.values()]
        : [...this.#failed.values()].filter(({ dueAt }) => dueAt <= now)
    const failures = due[0]?.failures ?? 0
    const taken = due.filter(write => write.failures === failures).slice(0, most(failures))
    for (const write of taken) {
      const { key } = write.address
      this.#new.delete(key)
      this.#failed.delete(key)
      this.#underWay.set(key, write)
    }
    return taken
  }

  /** All that waits; it is given up. */
  takeAll(): PendingWrite[] {
    const waiting = [...this.#new.values(), ...this.#failed.values()]
    this.#new.clear()
    this.#failed.clear()
    for (const write of waiting) this.#underWay.set(write.address.key, write)
    return waiting
  }

  /** It has failed, and is tried again, unless a newer value waits that stands for it. */
  retry(write: PendingWrite, dueAt: Milliseconds): void {
    const { key } = write.address
    this.#underWay.delete(key)
    const newer = this.#new.get(key)
    if (newer === undefined) {
      write.dueAt = dueAt
      this.#failed.set(key, write)
      return
    }
    write.finishWith(newer)
    this.#admit()
  }

  /** Forgets what waits at a key, for room too; what is being written to it goes on. */
  forget(key: string): PendingWrite | undefined {
    const forgotten = this.#new.get(key) ?? this.#failed.get(key)
    this.#refuse(key)
    this.#new.delete(key)
    this.#failed.delete(key)
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

  #nextRetry(): Milliseconds {
    let next = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#failed.values()) next = Math.min(next, dueAt)
    return next
  }

  #add(write: PendingWrite): void {
    const { key } = write.address
    const older = this.#new.get(key)
    // Whatever changes all the time is written as often as anything else.
    if (older !== undefined) write.dueAt = Math.min(write.dueAt, older.dueAt)
    older?.finishWith(write)
    this.#failed.get(key)?.finishWith(write)
    this.#failed.delete(key)
    this.#new.set(key, write)
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
