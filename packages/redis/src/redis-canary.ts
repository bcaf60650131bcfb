import type { Milliseconds } from '@lookaside/core'
import type { LineClient } from './redis-line-client.js'

/** How long a canary outlives the last sign of life of its keeper. */
const LINGER: Milliseconds = 5 * 60_000
/** How often its time to live is renewed. */
const RENEWAL: Milliseconds = 60_000
/** How many names are tried for one that belongs to a certain node of a Cluster. */
const MAX_NAMES = 200
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN) /
/** A server that takes no writes now; it takes no FLUSHALL either, or has room after it. */
const FULL = /^(?:OOM|MISCONF) /

/**
 * A small key that shows whether a server still holds what it was given: when it is gone, all may be gone.
 *
 * Eviction may take it too, which looks the same. On a Cluster its name is one that belongs to the node asked.
 */
export class RedisCanary {
  readonly #stem: string
  readonly #ttl: Milliseconds
  #attempt = 0
  #renewedAt: Milliseconds = 0
  #removed = false

  /** @param stem what its name begins with; nobody else's may. */
  constructor(stem: string, heartbeat: Milliseconds) {
    this.#stem = stem
    this.#ttl = LINGER + 3 * heartbeat
  }

  /**
   * Writes it, and tells whether it is there now. It isn't where the server has no room, or, for a node with next to
   * no slots, where no name belongs to it.
   */
  async place(client: LineClient): Promise<boolean> {
    for (const last = this.#attempt + MAX_NAMES; this.#attempt < last; this.#attempt++) {
      if (this.#removed) return false
      try {
        await client.set(this.#name, '1', 'PX', this.#ttl)
        this.#renewedAt = performance.now()
        return true
      } catch (error) {
        const { message } = error as Error
        if (FULL.test(message)) return false
        if (!ELSEWHERE.test(message)) throw error
      }
    }
    return false
  }

  /** Tells whether it had gone, and was written anew. */
  async wasGone(client: LineClient): Promise<boolean> {
    if (this.#removed) return false
    try {
      // A write even where there is nothing to write: a primary that has become a replica refuses it.
      if ((await client.set(this.#name, '1', 'PX', this.#ttl, 'NX')) !== null) return true
      await this.#renew(client)
      return false
    } catch (error) {
      const { message } = error as Error
      if (FULL.test(message)) return false
      // Its slot has moved to another node, so that a flush of this one would spare it.
      if (ELSEWHERE.test(message)) return await this.place(client)
      throw error
    }
  }

  /** Deletes it for good: a look that comes later does not write it anew. */
  async remove(client: LineClient): Promise<void> {
    this.#removed = true
    await client.del(this.#name)
  }

  get #name(): string {
    return this.#attempt === 0 ? this.#stem : `${this.#stem}:${this.#attempt}`
  }

  /** Not with every heartbeat, as those who track the key are told each time. */
  async #renew(client: LineClient): Promise<void> {
    const now = performance.now()
    if (now - this.#renewedAt < RENEWAL) return
    await client.pexpire(this.#name, this.#ttl)
    this.#renewedAt = now
  }
}
