import { createHash } from 'node:crypto'
import type { Background } from '../background.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { type KeySpace, ownKey, pathsTo } from '../keys/key.js'
import type { StoreShards } from '../tiers/store.js'
import type { StoreCalls } from '../tiers/store-calls.js'
import { decodeToken, encodeToken, type RemoteToken } from './remote-token.js'
import type { StoredTokens } from './stored-tokens.js'
import { sameToken, type Token } from './token.js'

/** How long a process goes by a generation that it has read, counted from when the read was sent. */
const TRUST: Milliseconds = 1_000

/** Older ones are read again, beside the next read of a value. */
const RENEWED_AFTER: Milliseconds = 500

/** Clocks of two processes don't tick quite alike. */
const CLEAR_WAIT: Milliseconds = TRUST * 1.02

/** As if all entries lived that long: a generation that is forgotten takes its namespace with it. */
const LIFETIME: Milliseconds = 10 * 24 * 3_600_000

const ONE_SHARD: StoreShards = { count: 1, of: () => 0, keyOn: (_shard, name) => name }

/** The generation of one path on one server, as this process knows it. */
interface Generation {
  readonly at: string
  token: RemoteToken | undefined
  /** When the read of that token was sent, by `Clock.monotonic()`. */
  sentAt: Milliseconds
  /** The latest read that is under way. */
  reading: Reading | undefined
}

interface Reading {
  readonly sentAt: Milliseconds
  /** Whether it has brought a token. */
  readonly done: Promise<boolean>
}

/** The generations that count for the entries of one space on one server, and what they come to. */
interface Lineage {
  readonly generations: readonly Generation[]
  tokens: readonly (RemoteToken | undefined)[]
  token: Token | undefined
}

/**
 * Clears namespaces where keys can't be listed: entries carry the generation of their namespace, and of those that
 * it is nested in, and `clear()` ends it.
 *
 * Each server of a fleet has generations of its own, so that one that is down or restarts takes only its own
 * entries with it. They are read beside values, twice a second at most.
 */
export class Generations {
  readonly #calls: StoreCalls
  readonly #stored: StoredTokens
  readonly #clock: Clock
  readonly #background: Background
  readonly #shards: StoreShards
  readonly #byKey = new Map<string, Generation>()
  readonly #lineages = new Map<string, Lineage[]>()

  constructor(calls: StoreCalls, stored: StoredTokens, clock: Clock, background: Background) {
    this.#calls = calls
    this.#stored = stored
    this.#clock = clock
    this.#background = background
    this.#shards = calls.store.shards ?? ONE_SHARD
  }

  /**
   * The token of entries at the wire key `at` now; `undefined` where it can't be read.
   *
   * What counts is when a read was sent, seen from when this is asked: an answer may take its time.
   */
  current(space: KeySpace, at: string): Token | undefined | Promise<Token | undefined> {
    const lineage = this.#lineage(space, this.#shards.of(at))
    const now = this.#clock.monotonic()
    const oldest = Math.min(...lineage.generations.map(({ sentAt }) => sentAt))
    if (now - oldest < RENEWED_AFTER) return tokenOf(lineage)
    const readings = lineage.generations.map(generation => this.#read(generation, now))
    if (now - oldest < TRUST) return tokenOf(lineage)
    return Promise.all(readings).then(done => (done.includes(false) ? undefined : tokenOf(lineage)))
  }

  /** Ends the generations of a path; resolves when no process goes by the old ones any more. */
  async clear({ path }: KeySpace): Promise<void> {
    const generations = Array.from({ length: this.#shards.count }, (_, shard) =>
      this.#generation(path, shard),
    )
    const keys = generations.map(({ at }) => at)
    try {
      await this.#calls.run('deleteMany', keys, store => store.deleteMany(keys))
    } finally {
      // Some servers may have taken it.
      for (const generation of generations) generation.sentAt = Number.NEGATIVE_INFINITY
    }
    await this.#clock.sleep(CLEAR_WAIT)
  }

  #lineage(space: KeySpace, shard: number): Lineage {
    let lineages = this.#lineages.get(space.path)
    if (lineages === undefined) {
      lineages = []
      this.#lineages.set(space.path, lineages)
    }
    let lineage = lineages[shard]
    if (lineage === undefined) {
      const generations = pathsTo(space).map(path => this.#generation(path, shard))
      lineage = { generations, tokens: [], token: undefined }
      lineages[shard] = lineage
    }
    return lineage
  }

  #generation(path: string, shard: number): Generation {
    const at = this.#shards.keyOn(shard, ownKey({ path }, 'gen', ''))
    let generation = this.#byKey.get(at)
    if (generation === undefined) {
      generation = { at, token: undefined, sentAt: Number.NEGATIVE_INFINITY, reading: undefined }
      this.#byKey.set(at, generation)
    }
    return generation
  }

  /** A read that was sent lately, or a new one. */
  #read(generation: Generation, now: Milliseconds): Promise<boolean> {
    const { reading } = generation
    if (reading !== undefined && now - reading.sentAt < TRUST) return reading.done
    const fresh: Reading = { sentAt: now, done: this.#readNow(generation, now) }
    generation.reading = fresh
    const forget = () => {
      if (generation.reading === fresh) generation.reading = undefined
    }
    // Who waits for it hears of what goes wrong.
    fresh.done.then(forget, forget)
    return fresh.done
  }

  async #readNow(generation: Generation, sentAt: Milliseconds): Promise<boolean> {
    const { at } = generation
    const found = await this.#stored.obtainAlone(at, LIFETIME)
    if (found === undefined) return false
    // One that was sent later may have been answered before.
    if (sentAt < generation.sentAt) return true
    // The same object, so that what was made of it holds.
    if (!sameToken(generation.token, found)) generation.token = found
    generation.sentAt = sentAt
    if (this.#stored.isShort(found, LIFETIME)) {
      this.#background.add(at, this.#stored.renew(at, found, LIFETIME))
    }
    return true
  }
}

/** One token for all generations of a lineage: entries know one, however deep they are nested. */
function tokenOf(lineage: Lineage): Token | undefined {
  const { generations, tokens } = lineage
  const known = tokens.length > 0 && generations.every(({ token }, index) => token === tokens[index])
  if (!known) {
    lineage.tokens = generations.map(({ token }) => token)
    lineage.token = combinedToken(lineage.tokens)
  }
  return lineage.token
}

/** What the tokens of a path and of those that it is nested in come to, the outermost first. */
export function combinedToken(tokens: readonly (RemoteToken | undefined)[]): Token | undefined {
  const hash = createHash('sha256')
  for (const token of tokens) {
    if (token === undefined) return undefined
    hash.update(encodeToken(token))
  }
  return decodeToken(hash.digest(), 0)
}
