import { pieces } from '../at-most.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, isCacheError } from '../errors.js'
import type { Events } from '../events.js'
import type { Counters } from '../stats.js'
import { Breaker } from './breaker.js'
import type { RemoteStore } from './store.js'
import { Turnstile } from './turnstile.js'

/** How long a store may take, and when it counts as down. */
export interface StoreCallSettings {
  readonly timeout: Milliseconds
  readonly breakerFailures: number
  readonly breakerProbeEvery: Milliseconds
}

/** Codes that say something of the request, not of the store; whoever made it tells. */
const REQUEST_CODES: ReadonlySet<string> = new Set([
  'ERR_CACHE_KEY',
  'ERR_CACHE_TOO_LARGE',
  'ERR_CACHE_COUNTER',
])

/** Codes that say that the store can't be reached; any other is the store's own refusal. */
const DOWN_CODES: ReadonlySet<string> = new Set(['ERR_CACHE_TIMEOUT', 'ERR_CACHE_STORE'])

/** More would wait in the connection, where their deadlines run and nothing can call them back. */
const REQUESTS_AT_ONCE = 256

/** Most keys of one request to delete. */
const LARGEST_DELETE = 1_024

/** How many calls of one burst to make at once: of more the last would wait in line for longer than their deadlines. */
export const CALLS_AT_ONCE = REQUESTS_AT_ONCE / 2

/** How one call differs from others. */
interface CallOptions<T> {
  /** Instead of the store's timeout, for calls whose length depends on how much is stored. */
  readonly timeout?: Milliseconds
  /** Sees the answer that comes after the deadline, so that what it brought about can be undone. */
  readonly late?: (answer: T) => void
}

/**
 * The one way to a remote store: every call has a deadline, passes the breaker, is timed, and fails with a
 * `CacheError` that has been reported.
 */
export class StoreCalls {
  readonly store: RemoteStore
  readonly #clock: Clock
  readonly #timeout: Milliseconds
  readonly #breaker: Breaker
  readonly #events: Events
  readonly #counters: Counters
  readonly #turnstile = new Turnstile(REQUESTS_AT_ONCE)
  #lastAnswer = Number.NEGATIVE_INFINITY
  #areAnswered = true

  constructor(
    store: RemoteStore,
    clock: Clock,
    settings: StoreCallSettings,
    events: Events,
    counters: Counters,
  ) {
    this.store = store
    this.#clock = clock
    this.#timeout = settings.timeout
    this.#events = events
    this.#counters = counters
    this.#breaker = new Breaker(
      clock,
      settings.breakerFailures,
      settings.breakerProbeEvery,
      () => this.#deadline('ping', this.#timeout, store.ping('any')),
      state => events.emit({ type: 'breaker', store: store.name, state }),
    )
  }

  /**
   * Runs one store operation.
   *
   * @throws CacheError `ERR_CACHE_TIMEOUT`, `ERR_CACHE_UNAVAILABLE` while the breaker is open, `ERR_CACHE_STORE`
   * with the client's error as its cause, or the store's own `CacheError`.
   */
  async run<T>(
    operation: string,
    keys: readonly string[],
    call: (store: RemoteStore) => Promise<T>,
    { timeout = this.#timeout, late }: CallOptions<T> = {},
  ): Promise<T> {
    if (!this.#breaker.allows()) {
      throw new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        `${this.store.name} has stopped answering; it is probed and used again when it does`,
      )
    }
    const turn = this.#turnstile.enter()
    if (turn !== undefined) await this.#waitForTurn(operation, keys, turn)
    const startedAt = this.#clock.monotonic()
    try {
      const answer = await this.#deadline(operation, timeout, call(this.store), late)
      this.#lastAnswer = this.#clock.monotonic()
      this.#counters.remoteTime.record(this.#lastAnswer - startedAt)
      this.#breaker.succeeded()
      this.#areAnswered = true
      return answer
    } catch (cause) {
      const error = asCacheError(cause, this.store.name, operation)
      if (REQUEST_CODES.has(error.code)) throw error
      if (this.#isDown(cause)) {
        this.#breaker.failed(startedAt)
        this.#areAnswered = false
        // Whoever is in line has waited for a store that says nothing: one deadline is enough.
        if (this.#lastAnswer < startedAt) this.#turnstile.dismiss(error)
      }
      this.report(operation, keys, error)
      throw error
    } finally {
      this.#turnstile.leave()
    }
  }

  /** Deletes keys, in requests of a size that each keeps its own deadline. */
  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const piece of pieces(keys, LARGEST_DELETE)) {
      await this.run('deleteMany', piece, store => store.deleteMany(piece))
    }
  }

  /** Whether the latest call was answered: as far as anybody knows the store can be reached. */
  get areAnswered(): boolean {
    return this.#areAnswered
  }

  /** A request that is not sent in time is never sent: it needs no undoing, and burdens nobody. */
  async #waitForTurn(operation: string, keys: readonly string[], turn: Promise<void>): Promise<void> {
    try {
      await this.#deadline(operation, this.#timeout, turn, () => this.#turnstile.leave())
    } catch (cause) {
      const error = asCacheError(cause, this.store.name, operation)
      this.report(operation, keys, error)
      throw error
    }
  }

  /** Counts and tells a failure; also that of a part of a call which as a whole succeeded. */
  report(operation: string, keys: readonly string[], error: Error): void {
    this.#counters.storeErrors++
    if (this.#events.active) {
      this.#events.emit({ type: 'store-error', store: this.store.name, operation, keys, error })
    }
  }

  /** Waits for the store itself, past the breaker. */
  async ping(timeout: Milliseconds): Promise<void> {
    try {
      await this.#deadline('ping', timeout, this.store.ping())
    } catch (cause) {
      if (isCacheError(cause, 'ERR_CACHE_UNAVAILABLE')) throw cause
      throw new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        `${this.store.name} does not answer: ${messageOf(cause)}`,
        { cause },
      )
    }
  }

  /** Closes the store, but does not wait for one that hangs. */
  async close(timeout: Milliseconds): Promise<void> {
    try {
      await this.#deadline('close', timeout, this.store.close())
    } catch (cause) {
      this.report('close', [], asCacheError(cause, this.store.name, 'close'))
    }
  }

  /** Whether a failure says that the store can't be reached; a refusal or a full queue says that it can. */
  #isDown(cause: unknown): boolean {
    if (isCacheError(cause)) return DOWN_CODES.has(cause.code)
    return this.store.answered?.(cause) !== true
  }

  #deadline<T>(
    operation: string,
    timeout: Milliseconds,
    answer: Promise<T>,
    late?: (answer: T) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let over = false
      const cancel = this.#clock.timer(timeout, () => {
        // After this process was busy its timers come first: the answer may be waiting in the socket.
        setImmediate(() => {
          over = true
          reject(
            new CacheError(
              'ERR_CACHE_TIMEOUT',
              `${this.store.name} did not answer ${operation} within ${timeout} ms`,
            ),
          )
        })
      })
      answer.then(
        value => {
          if (over) {
            late?.(value)
            return
          }
          cancel()
          resolve(value)
        },
        error => {
          if (over) return
          cancel()
          reject(error)
        },
      )
    })
  }
}

/** For calls without whose answer the reader goes on: their failure has been reported where they were made. */
export function unanswered(error: unknown): undefined {
  if (!isCacheError(error)) throw error
}

/** A failure as the library tells it: what a client throws is wrapped once. */
export function asCacheError(cause: unknown, store: string, operation: string): CacheError {
  if (isCacheError(cause)) return cause
  return new CacheError('ERR_CACHE_STORE', `${store} failed at ${operation}: ${messageOf(cause)}`, { cause })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
