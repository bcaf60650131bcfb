import { abortable } from '../abortable.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import { invalidateQuietly } from '../invalidation/invalidation.js'
import { settleWritten } from './cached-write.js'
import type { PendingWrite, PendingWrites } from './pending-writes.js'
import type { WriteBehindSettings } from './write-behind-options.js'

const FIRST_PAUSE: Milliseconds = 100
const LONGEST_PAUSE: Milliseconds = 10_000

/** Writes what is pending to the database: a batch at a time, so that no key is written twice at once. */
export class BehindWriter {
  readonly #engine: Engine
  readonly #settings: WriteBehindSettings
  readonly #writes: PendingWrites
  readonly #givenUp = new AbortController()
  #cancelTimer: (() => void) | undefined
  #running: Promise<void> | undefined
  /** How many of those that wait are to be written without waiting for others. */
  #due = 0

  constructor(engine: Engine, settings: WriteBehindSettings, writes: PendingWrites) {
    this.#engine = engine
    this.#settings = settings
    this.#writes = writes
  }

  /** One more waits. */
  wake(): void {
    const { batch, delay } = this.#settings
    if (this.#writes.waiting >= batch) this.hurry()
    else this.#cancelTimer ??= this.#engine.clock.timer(delay, () => this.hurry())
  }

  /** Writes all that wait now. */
  hurry(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#due = this.#writes.waiting
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    const { clock } = this.#engine
    const done = new AbortController()
    const late = clock.sleep(this.#settings.closeTimeout, done.signal).then(
      () => this.#givenUp.abort(new CacheError('ERR_CACHE_CLOSED', 'there was no more time to write it')),
      () => {},
    )
    while (this.#writes.size > 0) {
      this.hurry()
      await this.#running
    }
    done.abort()
    await late
    this.#cancelTimer?.()
  }

  async #run(): Promise<void> {
    // Whoever sets many in a row gets them into one batch.
    await undefined
    while (this.#due > 0 && this.#writes.waiting > 0) {
      const taken = this.#writes.take(this.#settings.batch)
      this.#due -= taken.length
      await this.#writeAll(taken)
    }
    this.#running = undefined
    if (this.#writes.waiting > 0) this.wake()
  }

  async #writeAll(taken: readonly PendingWrite[]): Promise<void> {
    const { retries } = this.#settings
    let left = taken
    for (let attempt = 1; ; attempt++) {
      const failed = await this.#attempt(left, attempt)
      left = left.filter(write => failed.has(write))
      if (left.length === 0) return
      if (attempt <= retries) await this.#pause(attempt)
      if (attempt > retries || this.#givenUp.signal.aborted) {
        await this.#giveUp(left, failed, attempt)
        return
      }
    }
  }

  /** Before the next attempt; short once there is no more time. */
  async #pause(attempt: number): Promise<void> {
    const { clock } = this.#engine
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
    const pause = Math.ceil(longest * (0.5 + clock.random() / 2))
    await clock.sleep(pause, this.#givenUp.signal).catch(() => {})
  }

  /** Writes once; resolves to what failed, but for what a newer value has replaced meanwhile. */
  async #attempt(
    writes: readonly PendingWrite[],
    attempt: number,
  ): Promise<ReadonlyMap<PendingWrite, unknown>> {
    const entries = writes.map(({ address, checked }) => [address.key, checked.value] as const)
    const failed = new Map<PendingWrite, unknown>()
    try {
      const context = { attempt, signal: this.#givenUp.signal }
      context.signal.throwIfAborted()
      const writing = Promise.resolve(this.#settings.write(entries, context))
      // One that hangs is left alone in the end.
      const outcome = checkOutcome(await abortable(writing, context.signal), entries.length)
      for (const [index, write] of writes.entries()) {
        const error = outcome?.[index]
        if (error instanceof Error) failed.set(write, error)
      }
    } catch (error) {
      for (const write of writes) failed.set(write, error)
    }
    await Promise.all(
      writes.map(async write => {
        if (!failed.has(write))
          await this.#settled(write, () => settleWritten(this.#engine, write, this.#writes))
        else if (this.#writes.isSuperseded(write)) {
          failed.delete(write)
          this.#writes.endInFavourOfNewer(write)
        }
      }),
    )
    return failed
  }

  /** One entry that can't be written must not take the others of its batch with it: each has a last attempt alone. */
  async #giveUp(
    writes: readonly PendingWrite[],
    failed: ReadonlyMap<PendingWrite, unknown>,
    attempt: number,
  ): Promise<void> {
    for (const write of writes) {
      const alone = writes.length > 1 && !this.#givenUp.signal.aborted
      const outcome = alone ? await this.#attempt([write], attempt + 1) : failed
      if (outcome.has(write)) await this.#fail(write, outcome.get(write))
    }
  }

  async #fail(write: PendingWrite, error: unknown): Promise<void> {
    const { events } = this.#engine
    const { address, checked } = write
    const { key } = address
    await this.#settled(write, async () => {
      await write.cached.catch(() => {})
      if (!this.#writes.isSuperseded(write)) await invalidateQuietly(this.#engine, address)
    })
    if (events.active) events.emit({ type: 'write-failed', key, error })
    const { onFailure } = this.#settings
    if (onFailure === undefined) {
      const reason = error instanceof Error ? error.message : String(error)
      process.emitWarning(`the value of '${key}' could not be written: ${reason}`, {
        type: 'LookasideWriteBehindWarning',
      })
      return
    }
    try {
      onFailure({ key, value: checked.value, error })
    } catch (fault) {
      events.emit({ type: 'background-error', key, error: fault })
    }
  }

  /** Whatever becomes of the cached value, the write is over. */
  async #settled(write: PendingWrite, settle: () => Promise<void>): Promise<void> {
    try {
      await settle()
    } catch (error) {
      this.#engine.events.emit({ type: 'background-error', key: write.address.key, error })
    } finally {
      this.#writes.end(write)
    }
  }
}

function checkOutcome(outcome: unknown, count: number): readonly unknown[] | undefined {
  if (outcome === undefined || outcome === null) return undefined
  if (Array.isArray(outcome) && outcome.length === count) return outcome
  // Whatever a database's client returns says nothing.
  if (!Array.isArray(outcome) || !outcome.some(each => each instanceof Error)) return undefined
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `write of writeBehind must return an array with an Error or undefined for each of its ${count} entries, or nothing; it returned ${quote(outcome)}`,
  )
}
