import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import { Breaker } from '../tiers/breaker.js'
import type { RemoteStore } from '../tiers/store.js'

/** After so many failures in a row the store is left alone, until it answers a probe. */
const FAILURES = 3

/** How long after one probe the next may follow. */
const PROBE_EVERY: Milliseconds = 500

/**
 * The store that a phase does not read first: it may be slow, or gone, and that must cost little.
 *
 * One operation waits for all its calls together no longer than the timeout.
 */
export class SecondStore {
  readonly store: RemoteStore
  readonly #clock: Clock
  readonly #timeout: Milliseconds
  readonly #breaker: Breaker

  constructor(store: RemoteStore, clock: Clock, timeout: Milliseconds) {
    this.store = store
    this.#clock = clock
    this.#timeout = timeout
    const probe = () => this.#within(this.until(), store.ping('any'))
    this.#breaker = new Breaker(clock, FAILURES, PROBE_EVERY, probe, () => {})
  }

  /** When the patience ends of an operation that begins now, by `Clock.monotonic()`. */
  until(): Milliseconds {
    return this.#clock.monotonic() + this.#timeout
  }

  /** Whether it is left alone for now. */
  get isDown(): boolean {
    return !this.#breaker.allows()
  }

  /** @throws CacheError `ERR_CACHE_UNAVAILABLE`, whatever the reason: the store's failure is nobody's but its own. */
  async ask<T>(call: (store: RemoteStore) => Promise<T>, until = this.until()): Promise<T> {
    const { name } = this.store
    if (this.isDown) {
      throw unavailable(`${name} has stopped answering; it is probed and used again when it does`)
    }
    const startedAt = this.#clock.monotonic()
    if (startedAt >= until) throw unavailable(`${name} has taken too long before`)
    try {
      const answer = await this.#within(until, call(this.store))
      this.#breaker.succeeded()
      return answer
    } catch (cause) {
      // A refusal is an answer.
      if (this.store.answered?.(cause) !== true) this.#breaker.failed(startedAt)
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw unavailable(`${name} failed: ${reason}`, cause)
    }
  }

  #within<T>(until: Milliseconds, answer: Promise<T>): Promise<T> {
    const timeout = until - this.#clock.monotonic()
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.timer(timeout, () => {
        // After this process was busy its timers come first: the answer may be waiting in the socket.
        setImmediate(() => reject(new Error(`no answer within ${this.#timeout} ms`)))
      })
      answer.then(resolve, reject).finally(cancel)
    })
  }
}

function unavailable(message: string, cause?: unknown): CacheError {
  return new CacheError('ERR_CACHE_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
