import type { Clock } from '../clock.js'
import type { Duration, Milliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import type { CacheEvent } from '../events.js'

/**
 * What came of the value of an item: it is in the cache or need not be; it was loaded without a claim, which others may
 * have; or the store did not take it.
 */
export type WarmFate = 'kept' | 'unclaimed' | 'lost'

/** What watching a store needs of its cache. */
interface Watched {
  ready(options?: { readonly timeout?: Duration }): Promise<void>
}

const FIRST_PAUSE: Milliseconds = 100
/** Its pauses add up to six seconds: what a failover takes. */
const MOST_DOUBTS = 6

/**
 * Keeps loads back while the store does not take their values: loading into nothing would only burden the database.
 *
 * As long as values are stored everything runs. When one is lost the next goes alone, after a pause and only if the
 * store answers, and so on at growing intervals, until one is stored or patience ends.
 */
export class WarmStoreWatch {
  readonly #cache: Watched
  readonly #clock: Clock
  readonly #stop: AbortSignal
  readonly #giveUp: (error: CacheError) => void
  /** How often in a row a value was lost by a load that went alone, or the store did not answer before. */
  #doubts = 0
  #alone: Promise<void> | undefined
  #asking: Promise<boolean> | undefined
  /** Store calls that failed, and turns of the breaker. */
  #troubles = 0
  #breakerOpen = false
  #cause: unknown

  constructor(cache: Watched, clock: Clock, stop: AbortSignal, giveUp: (error: CacheError) => void) {
    this.#cache = cache
    this.#clock = clock
    this.#stop = stop
    this.#giveUp = giveUp
  }

  note(event: CacheEvent): void {
    if (event.type === 'store-error') {
      this.#troubles++
      this.#cause = event.error
    }
    if (event.type !== 'breaker') return
    this.#troubles++
    this.#breakerOpen = event.state === 'open'
    if (this.#breakerOpen) this.#doubt()
  }

  /** Runs a load when there is hope that its value is stored; `false` says that it has to be tried again. */
  async run(load: () => Promise<WarmFate>): Promise<boolean> {
    while (this.#doubts > 0) {
      if (this.#alone === undefined) return this.#goAlone(load)
      await this.#alone
    }
    const kept = await this.#isKept(load)
    if (!kept) this.#doubt()
    return kept
  }

  #doubt(): void {
    if (this.#doubts === 0) this.#doubts = 1
  }

  #goAlone(load: () => Promise<WarmFate>): Promise<boolean> {
    const going = this.#carefully(load)
    const over = () => {
      this.#alone = undefined
    }
    this.#alone = going.then(over, over)
    return going
  }

  async #carefully(load: () => Promise<WarmFate>): Promise<boolean> {
    if (this.#doubts > MOST_DOUBTS) {
      this.#giveUp(takesNothing(this.#cause))
      throw this.#stop.reason
    }
    await this.#clock.sleep(FIRST_PAUSE * 2 ** (this.#doubts - 1), this.#stop)
    const kept = (await this.#answers()) && (await this.#isKept(load))
    this.#doubts = kept ? 0 : this.#doubts + 1
    return kept
  }

  async #isKept(load: () => Promise<WarmFate>): Promise<boolean> {
    const before = this.#troubles
    const fate = await load()
    if (fate !== 'unclaimed') return fate === 'kept'
    // Somebody else may have the claim, and store the value; but not while the store is silent.
    return !this.#breakerOpen && this.#troubles === before && (await this.#answers())
  }

  /** Whether the store answers; who asks meanwhile shares the answer. */
  #answers(): Promise<boolean> {
    this.#asking ??= this.#cache
      .ready()
      .then(
        () => true,
        error => {
          this.#cause = error
          return false
        },
      )
      .finally(() => {
        this.#asking = undefined
      })
    return this.#asking
  }
}

function takesNothing(cause: unknown): CacheError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new CacheError(
    'ERR_CACHE_UNAVAILABLE',
    `warming was given up, since the store does not take what is loaded${reason}. Run it again when it does; what is stored is skipped`,
    { cause },
  )
}
