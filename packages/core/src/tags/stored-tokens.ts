import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { isCacheError } from '../errors.js'
import type { Answer, ReadBatch } from '../tiers/read-batch.js'
import { type StoreCalls, unanswered } from '../tiers/store-calls.js'
import { decodeStoredToken, drawToken, encodeStoredToken, type RemoteToken } from './remote-token.js'
import { sameToken } from './token.js'

/** By how much a token outlives what it tags when it is written, besides twice the lifetime of that. */
const SPARE: Milliseconds = 6 * 3_600_000

/** The tokens in a remote store: read beside values, made where there are none, kept as long as they are in use. */
export class StoredTokens {
  readonly #calls: StoreCalls
  readonly #batch: ReadBatch
  readonly #clock: Clock
  readonly #creating = new Map<string, Promise<RemoteToken | undefined>>()

  constructor(calls: StoreCalls, batch: ReadBatch, clock: Clock) {
    this.#calls = calls
    this.#batch = batch
    this.#clock = clock
  }

  /** Asks for the token at a wire key, beside whatever is read in the same tick; see `tokenIn`. */
  ask(at: string): Answer {
    return this.#batch.ask(at)
  }

  /** The token at a wire key; `undefined` without one. @throws CacheError where the store does not answer. */
  async read(at: string): Promise<RemoteToken | undefined> {
    const answer = this.ask(at)
    await answer.settled
    if (answer.error !== undefined) throw answer.error
    return tokenIn(answer)
  }

  /** The token at a wire key, made where there is none, for what lives `lifetime`; `undefined` where that fails. */
  obtain(at: string, lifetime: Milliseconds): Promise<RemoteToken | undefined> {
    return this.#readOr(at, () => this.create(at, lifetime))
  }

  /** The same for whoever counts from when it asked: nobody else's answer will do. */
  obtainAlone(at: string, lifetime: Milliseconds): Promise<RemoteToken | undefined> {
    return this.#readOr(at, () => this.#create(at, lifetime))
  }

  /**
   * Makes a token where there is none, or returns the one that somebody else has made meanwhile.
   *
   * Callers share it: a token that is older than their loads is as good as a new one.
   */
  create(at: string, lifetime: Milliseconds): Promise<RemoteToken | undefined> {
    const known = this.#creating.get(at)
    if (known !== undefined) return known
    const creating = this.#create(at, lifetime).finally(() => this.#creating.delete(at))
    this.#creating.set(at, creating)
    return creating
  }

  /** Gives the token at a wire key a new soft half, which makes stale what it tags; deletes it where that fails. */
  async soften(at: string, lifetime: Milliseconds): Promise<void> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const stored = await this.#calls.run('get', [at], store => store.get(at))
      // What it tagged is dead already. A store over two may have found nothing where it looked, and something elsewhere.
      if (stored === undefined) break
      const token = decodeStoredToken(stored.bytes)
      if (token === undefined) break
      const bytes = encodeStoredToken(drawToken(this.#until(lifetime), token.hard))
      try {
        const replaced = await this.#calls.run('replace', [at], store =>
          store.replace(at, bytes, keptFor(lifetime), stored.version),
        )
        if (replaced !== undefined) return
      } catch (error) {
        // A server without memory refuses every write; it takes a delete.
        if (!isCacheError(error, 'ERR_CACHE_STORE')) throw error
        break
      }
    }
    await this.#calls.run('delete', [at], store => store.delete(at))
  }

  /** Whether a token may be forgotten before what it tags, which would then be dead. */
  isShort(token: RemoteToken, lifetime: Milliseconds): boolean {
    return token.keptUntil - this.#clock.now() < lifetime + SPARE / 2
  }

  /** Keeps a token longer, unless it has changed. */
  async renew(at: string, token: RemoteToken, lifetime: Milliseconds): Promise<void> {
    try {
      const stored = await this.#calls.run('get', [at], store => store.get(at))
      const now = stored && decodeStoredToken(stored.bytes)
      if (stored === undefined || !sameToken(token, now)) return
      const bytes = encodeStoredToken({ ...token, keptUntil: this.#until(lifetime) })
      await this.#calls.run('replace', [at], store =>
        store.replace(at, bytes, keptFor(lifetime), stored.version),
      )
    } catch (error) {
      // Reported, and tried again by the next in need.
      if (!isCacheError(error)) throw error
    }
  }

  async #readOr(
    at: string,
    create: () => Promise<RemoteToken | undefined>,
  ): Promise<RemoteToken | undefined> {
    try {
      return (await this.read(at)) ?? create()
    } catch (error) {
      // A store that does not answer is not asked again.
      return unanswered(error)
    }
  }

  async #create(at: string, lifetime: Milliseconds): Promise<RemoteToken | undefined> {
    const token = drawToken(this.#until(lifetime))
    const bytes = encodeStoredToken(token)
    try {
      const added = await this.#calls.run('add', [at], store => store.add(at, bytes, keptFor(lifetime)))
      if (added !== undefined) return token
      const stored = await this.#calls.run('get', [at], store => store.get(at))
      const found = stored && decodeStoredToken(stored.bytes)
      if (stored === undefined || found !== undefined) return found
      // What stands there is no token, and would keep every one away.
      const replaced = await this.#calls.run('replace', [at], store =>
        store.replace(at, bytes, keptFor(lifetime), stored.version),
      )
      return replaced && token
    } catch (error) {
      if (isCacheError(error)) return undefined
      throw error
    }
  }

  #until(lifetime: Milliseconds): number {
    return this.#clock.now() + keptFor(lifetime)
  }
}

/** The token that was found, decoded once for all who asked. */
export function tokenIn(answer: Answer): RemoteToken | undefined {
  if (answer.stored === undefined) return undefined
  answer.made ??= decodeStoredToken(answer.stored.bytes)
  return answer.made as RemoteToken | undefined
}

function keptFor(lifetime: Milliseconds): Milliseconds {
  return Math.ceil(2 * lifetime + SPARE)
}
