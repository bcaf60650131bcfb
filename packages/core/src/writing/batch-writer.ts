import { abortable, onAbort } from '../abortable.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import { invalidateQuietly } from '../invalidation/invalidation.js'
import { handOut, type Share } from '../values/sharing.js'
import type { PendingWrite } from './pending-write.js'
import type { PendingWrites } from './pending-writes.js'
import { settleWritten } from './unwritten-value.js'
import type { WriteBehindSettings } from './write-behind-options.js'

const FIRST_PAUSE: Milliseconds = 100
const LONGEST_PAUSE: Milliseconds = 10_000

/**
 * Writes what is pending to the database: a batch at a time, so that no key is written twice at once.
 *
 * What fails is tried again later, apart from what is new, in ever smaller batches, and in the end alone: one entry that
 * can't be written keeps the others of its batch waiting for a while, but takes none of them with it.
 */
export class BatchWriter {
  readonly #engine: Engine
  readonly #share: Share | undefined
  readonly #settings: WriteBehindSettings
  readonly #writes: PendingWrites
  readonly #givenUp = new AbortController()
  #cancelTimer: (() => void) | undefined
  /** When it wakes up by itself, by `Clock.monotonic()`. */
  #wakesAt: Milliseconds = Number.POSITIVE_INFINITY
  #running: Promise<void> | undefined

  constructor(
    engine: Engine,
    share: Share | undefined,
    settings: WriteBehindSettings,
    writes: PendingWrites,
  ) {
    this.#engine = engine
    this.#share = share
    this.#settings = settings
    this.#writes = writes
  }

  /** One more waits. */
  wake({ dueAt }: PendingWrite): void {
    if (this.#writes.isFull(this.#settings.batch)) this.hurry()
    else if (dueAt < this.#wakesAt) this.#schedule()
  }

  /** Writes all that is new without waiting for more. */
  hurry(): void {
    this.#writes.hurry(this.#now)
    this.#schedule()
  }

  /** Writes what is left; what takes too long is given up. */
  async close(): Promise<void> {
    this.hurry()
    const done = new AbortController()
    const all = Promise.all(this.#writes.all().map(write => write.done))
    const late = this.#engine.clock.sleep(this.#settings.closeTimeout, done.signal).catch(() => {})
    await Promise.race([all, late])
    done.abort()
    if (this.#writes.size > 0) {
      const reason = new CacheError('ERR_CACHE_CLOSED', 'closing left no more time to write it')
      this.#givenUp.abort(reason)
      await this.#running
      const left = this.#writes.takeAll()
      await Promise.all(left.map(write => this.#fail(write, write.failures > 0 ? write.error : reason)))
    }
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  get #now(): Milliseconds {
    return this.#engine.clock.monotonic()
  }

  #schedule(): void {
    if (this.#running !== undefined) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const next = this.#writes.nextDue()
    this.#wakesAt = next ?? Number.POSITIVE_INFINITY
    if (next === undefined || this.#givenUp.signal.aborted) return
    const wait = Math.ceil(next - this.#now)
    if (wait > 0) this.#cancelTimer = this.#engine.clock.timer(wait, () => this.#begin())
    else this.#begin()
  }

  #begin(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // Whoever sets many in a row gets them into one batch.
    await undefined
    while (!this.#givenUp.signal.aborted) {
      const taken = this.#writes.take(this.#now, failures => this.#mostAtOnce(failures))
      if (taken.length === 0) break
      const writing = this.#write(taken)
      for (const write of taken) write.attempt = writing
      await writing
    }
    this.#running = undefined
    this.#schedule()
  }

  /** Half as many with each failure, and a last attempt alone. */
  #mostAtOnce(failures: number): number {
    const { batch, retries } = this.#settings
    if (failures > 0 && failures >= retries) return 1
    return Math.max(1, Math.floor(batch / 2 ** failures))
  }

  async #write(writes: readonly PendingWrite[]): Promise<void> {
    const failures = await this.#attempt(writes)
    const pause = this.#pause((writes[0]?.failures ?? 0) + 1)
    await Promise.all(
      writes.map(async write => {
        if (!failures.has(write)) {
          await this.#end(write, () => settleWritten(this.#engine, write, this.#writes))
          return
        }
        write.failures++
        write.error = failures.get(write)
        const last = write.failures > this.#settings.retries || this.#givenUp.signal.aborted
        if (last && !this.#writes.isSuperseded(write)) await this.#fail(write, write.error)
        else this.#writes.retry(write, this.#now + pause)
      }),
    )
  }

  #pause(failures: number): Milliseconds {
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1))
    return Math.ceil(longest * (0.5 + this.#engine.clock.random() / 2))
  }

  /** Writes once; resolves to what has failed, and why. */
  async #attempt(writes: readonly PendingWrite[]): Promise<ReadonlyMap<PendingWrite, unknown>> {
    const { write, writeTimeout } = this.#settings
    const entries = writes.map(
      ({ address, checked }) => [address.key, handOut(this.#share, checked.value)] as const,
    )
    const failed = new Map<PendingWrite, unknown>()
    const limit = new AbortController()
    const { signal } = limit
    const forget = onAbort(this.#givenUp.signal, () => limit.abort(this.#givenUp.signal.reason))
    const cancelTimer = this.#engine.clock.timer(writeTimeout, () => limit.abort(tooLong(writeTimeout)))
    try {
      const attempt = (writes[0]?.failures ?? 0) + 1
      // One that hangs is left alone.
      const outcome = await abortable(Promise.resolve(write(entries, { attempt, signal })), signal)
      for (const [index, error] of checkOutcome(outcome, entries.length).entries()) {
        if (error instanceof Error) failed.set(writes[index] as PendingWrite, error)
      }
    } catch (error) {
      for (const one of writes) failed.set(one, error)
    } finally {
      cancelTimer()
      forget()
    }
    return failed
  }

  async #fail(write: PendingWrite, error: unknown): Promise<void> {
    const { events, background } = this.#engine
    const { address, checked } = write
    const { key } = address
    await this.#end(write, async () => {
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
    // What it throws, or rejects with, is told as an event.
    const telling = async () => void (await onFailure({ key, value: checked.value, error }))
    background.add(key, telling())
  }

  /** Whatever becomes of the cached value, the write is over. */
  async #end(write: PendingWrite, settle: () => Promise<void>): Promise<void> {
    try {
      await settle()
    } catch (error) {
      this.#engine.events.emit({ type: 'background-error', key: write.address.key, error })
    } finally {
      this.#writes.end(write)
    }
  }
}

function tooLong(writeTimeout: Milliseconds): Error {
  return new Error(
    `the write took longer than its writeTimeout of ${writeTimeout} ms; hand the signal on to the database, or raise writeTimeout`,
  )
}

function checkOutcome(outcome: unknown, count: number): readonly unknown[] {
  // Whatever else a database's client returns says nothing.
  if (!Array.isArray(outcome) || !outcome.some(each => each instanceof Error)) return []
  if (outcome.length === count) return outcome
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `write of writeBehind must return an array with an Error or undefined for each of its ${count} entries, or nothing; it returned ${quote(outcome)}`,
  )
}
