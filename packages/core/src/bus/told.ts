import type { InvalidationKind } from '../invalidation/deliver.js'
import type { KeySpace } from '../keys/key.js'
import { tokenKey } from '../keys/token-key.js'
import type { LocalCopies } from '../tiers/local-copies.js'
import type { BusMember } from './bus-member.js'

/**
 * Who is told of an invalidation that the store has taken: the local tiers of other caches over the same store in this
 * process, and through the bus those of other processes.
 */
export class Told {
  readonly #all: ReadonlySet<LocalCopies>
  readonly #own: LocalCopies | undefined
  readonly #member: BusMember | undefined

  constructor(all: ReadonlySet<LocalCopies>, own: LocalCopies | undefined, member: BusMember | undefined) {
    this.#all = all
    this.#own = own
    this.#member = member
  }

  async keys(ats: readonly string[]): Promise<void> {
    this.#neighbours(copies => {
      for (const at of ats) copies.dropWire(at)
    })
    await this.#member?.tellKeys(ats)
  }

  async tags(kind: InvalidationKind, space: Pick<KeySpace, 'path'>, names: readonly string[]): Promise<void> {
    const tokens = names.map(name => tokenKey(space, name))
    this.#neighbours(copies => {
      for (const at of tokens) copies.dropTagAt(kind, at)
    })
    await this.#member?.tellTags(kind, tokens)
  }

  async clear(space: KeySpace): Promise<void> {
    this.#neighbours(copies => copies.dropPath(space.path))
    await this.#member?.tellClear(space)
  }

  #neighbours(drop: (copies: LocalCopies) => void): void {
    // Caches may share a local store too, which has been seen to already.
    for (const copies of this.#all) if (copies.store !== this.#own?.store) drop(copies)
  }
}
