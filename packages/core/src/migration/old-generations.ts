import { ownKey, pathsTo } from '../keys/key.js'
import { combinedToken } from '../tags/generations.js'
import { GENERATION } from '../tags/read-tags.js'
import { decodeStoredToken } from '../tags/remote-token.js'
import { sameToken, type Token } from '../tags/token.js'
import type { Stored, StoreShards } from '../tiers/store.js'
import { decodeFrameTags, decodeHead } from '../values/frame.js'

/**
 * Tells what has been cleared in an old store that can't list its keys, and so holds it still; for one batch of reads.
 *
 * A new store that lists its keys knows no generations once the migration is over: what was cleared must never get
 * there.
 */
export class OldGenerations {
  readonly #get: (key: string) => Promise<Stored | undefined>
  readonly #shards: StoreShards | undefined
  readonly #read = new Map<string, Promise<Stored | undefined>>()

  /** `get` reads through both stores. */
  constructor(get: (key: string) => Promise<Stored | undefined>, shards: StoreShards | undefined) {
    this.#get = get
    this.#shards = shards
  }

  /** Whether bytes are a value that has its generation still, or no value at all. */
  async keep(key: string, bytes: Uint8Array): Promise<boolean> {
    const head = decodeHead(key, bytes)
    if (head.kind !== 'value') return true
    const generation = decodeFrameTags(head, bytes)?.find(({ name }) => name === GENERATION)
    if (generation === undefined) return false
    return sameToken(generation.token, await this.#current(key))
  }

  /** What `Generations` makes of the tokens of a namespace and of those that it is nested in. */
  async #current(key: string): Promise<Token | undefined> {
    const path = key.slice(0, Math.max(0, key.indexOf('::')))
    const paths = pathsTo({ path })
    const found = await Promise.all(paths.map(each => this.#once(this.#keyOf(each, key))))
    return combinedToken(found.map(stored => stored && decodeStoredToken(stored.bytes)))
  }

  #once(at: string): Promise<Stored | undefined> {
    const reading = this.#read.get(at) ?? this.#get(at)
    this.#read.set(at, reading)
    return reading
  }

  #keyOf(path: string, key: string): string {
    const name = ownKey({ path }, 'gen', '')
    return this.#shards?.keyOn(this.#shards.of(key), name) ?? name
  }
}
