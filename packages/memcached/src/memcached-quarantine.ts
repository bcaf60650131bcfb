import { CacheError, type Milliseconds } from '@lookaside/core'

/** How many failures in a row begin it: one alone may be a connection that the server closed. */
const FAILURES = 2
const PROBE_EVERY: Milliseconds = 500

/**
 * Keeps requests away from one server of a fleet that has stopped answering, so that it costs the others nothing.
 *
 * The second failure in a row begins it. Then every request is refused at once, and the first one after each 500 ms
 * starts a probe that nobody waits for; the next answer of any kind ends it.
 */
export class MemcachedQuarantine {
  readonly #server: string
  readonly #probe: () => Promise<void>
  #failures = 0
  #lastFailure: Error | undefined
  #nextProbe: Milliseconds = 0
  #probing = false

  /** @param probe asks the server for anything, and rejects when no answer comes. */
  constructor(server: string, probe: () => Promise<void>) {
    this.#server = server
    this.#probe = probe
  }

  /** Why a request may not be sent now. */
  refusal(): CacheError | undefined {
    if (this.#failures < FAILURES) return undefined
    if (!this.#probing && performance.now() >= this.#nextProbe) this.#startProbe()
    return new CacheError(
      'ERR_CACHE_UNAVAILABLE',
      `${this.#server} has stopped answering; it is probed and used again when it does`,
      { cause: this.#lastFailure },
    )
  }

  /** One loss of a connection is one failure, however many requests it takes along. */
  failed(error: Error): void {
    if (error === this.#lastFailure) return
    this.#lastFailure = error
    this.#failures++
    this.#nextProbe = performance.now() + PROBE_EVERY
  }

  answered(): void {
    this.#failures = 0
    this.#lastFailure = undefined
  }

  #startProbe(): void {
    this.#probing = true
    const stop = () => {
      this.#probing = false
    }
    this.#probe().then(stop, stop)
  }
}
