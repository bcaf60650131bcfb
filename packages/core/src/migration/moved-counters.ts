import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, isCacheError, quote } from '../errors.js'
import type { IncrementOptions, RemoteStore, Version } from '../tiers/store.js'
import { counterDigits } from '../values/counter.js'
import { decodeMoving, encodeMoving, MOVING_TTL, type MovingCounter } from './moving.js'
import type { OldStore } from './old-store.js'

/** How long whoever meets somebody else on the way waits before it looks again. */
const STEP: Milliseconds = 5

/** After so many looks nobody is waited for any more: no count is lost by taking over a claim. */
const PATIENCE = 20

/** Each of them fails only because somebody else gets on. */
const ATTEMPTS = 1_000

/**
 * Counts in the new store, and moves the counters there that the old one has.
 *
 * A counter is moved in steps that any process can finish: the key is claimed in the new store; the counter is read in
 * the old one; what it stands at is put into the claim; it is deleted from the old store; the claim becomes the
 * counter. So no count is lost or doubled, whoever dies or stalls in between.
 */
export class MovedCounters {
  readonly #to: RemoteStore
  readonly #old: OldStore
  readonly #clock: Clock

  constructor(to: RemoteStore, old: OldStore, clock: Clock) {
    this.#to = to
    this.#old = old
    this.#clock = clock
  }

  async increment(key: string, by: bigint, options: IncrementOptions): Promise<bigint> {
    let holder: Uint8Array | undefined
    let looks = 0
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = await this.#to.get(key)
      const moving = stored && decodeMoving(stored.bytes)
      if (stored === undefined || moving === undefined) {
        if (stored === undefined && (await this.#isInOld(key))) {
          await this.#move(key, undefined, options.ttl)
          continue
        }
        const count = await this.#count(key, by, options)
        if (count !== undefined) return count
      } else if (moving.counter !== undefined) {
        await this.finish(key, stored.version, moving.counter)
      } else {
        // Whoever took over from somebody else has as much time again.
        if (holder === undefined || Buffer.compare(holder, stored.bytes) !== 0) looks = 0
        holder = stored.bytes
        if (looks++ < PATIENCE) await this.#clock.sleep(STEP * (0.5 + this.#clock.random()))
        else await this.#move(key, stored.version, options.ttl)
      }
    }
    throw new CacheError(
      'ERR_CACHE_CONTENTION',
      `${quote(key)} was changed by others each of the ${ATTEMPTS} times that it was to be counted while it moves to ${this.#to.name}; try again`,
    )
  }

  /** Ends what somebody has begun: a counter that has left the old store stands at what the claim says. */
  async finish(key: string, version: Version, { digits, ttl }: MovingCounter): Promise<void> {
    if (await this.#leave(key, digits)) {
      await this.#to.replace(key, Buffer.from(digits), ttl, version)
    } else {
      // Somebody has counted in the old store meanwhile.
      await this.#to.delete(key, version)
    }
  }

  /** Counts in the new store; `undefined` where somebody has begun to move something there meanwhile. */
  async #count(key: string, by: bigint, options: IncrementOptions): Promise<bigint | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#to.increment(key, by, options)
      } catch (error) {
        if (!isCacheError(error, 'ERR_CACHE_COUNTER')) throw error
        const stored = await this.#to.get(key)
        if (stored !== undefined && decodeMoving(stored.bytes) !== undefined) return undefined
        // What was on its way may have arrived or gone between the two; what is refused again is refused.
        if (attempt > 1) throw error
      }
    }
  }

  /** Moves what is in the old store, over somebody else's claim where its version is given. */
  async #move(key: string, held: Version | undefined, ttl: Milliseconds): Promise<void> {
    const claim =
      held === undefined
        ? await this.#to.add(key, encodeMoving(), MOVING_TTL)
        : await this.#to.replace(key, encodeMoving(), MOVING_TTL, held)
    if (claim === undefined) return
    const [found] = await this.#old.read([key], this.#old.until())
    if (!this.#old.holds(key, found)) {
      await this.#to.delete(key, claim)
      if (found instanceof Error) await this.#giveUp(key, found)
      return
    }
    const digits = counterDigits(found.bytes)
    if (digits === undefined) {
      await this.#to.delete(key, claim)
      throw new CacheError(
        'ERR_CACHE_COUNTER',
        `${quote(key)} holds something other than a counter in the old store, so it can't be incremented; delete it, or use another key`,
      )
    }
    const counter = { digits, ttl }
    const carried = await this.#to.replace(key, encodeMoving(counter), ttl, claim)
    if (carried !== undefined) await this.finish(key, carried, counter)
  }

  async #isInOld(key: string): Promise<boolean> {
    const [looked] = await this.#old.look([key], this.#old.until())
    if (looked instanceof Error) await this.#giveUp(key, looked)
    return this.#old.holds(key, looked)
  }

  /** A counter that the old store may have: to start it anew there must be no hope of it. */
  async #giveUp(key: string, error: Error): Promise<void> {
    if (!this.#old.isGivenUp(error)) throw error
    await this.#old.forget([key])
  }

  /** Takes a counter out of the old store if it still stands at `digits`; whether it is gone from there. */
  async #leave(key: string, digits: string): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const until = this.#old.until()
      const [found] = await this.#old.look([key], until)
      if (found === undefined) return true
      if (found instanceof Error) break
      if (counterDigits(found.bytes) !== digits) return false
      const removed = await this.#old.remove(key, found.version, until).catch(() => undefined)
      if (removed) return true
      if (removed === undefined) break
      // Somebody was faster, by taking it out or by counting.
    }
    await this.#old.forget([key])
    return true
  }
}
