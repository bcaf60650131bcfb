import type { LocalTagged, LocalTags } from './local-tags.js'
import { sameToken, type Validity, validity } from './token.js'

/** The tags of entries in a local store, each with the state it had before the entries' loads began. */
export class LocalTagSet {
  readonly #tagged: readonly LocalTagged[]
  /** The epoch of the tags at which all of these were valid. */
  #validAt = -1

  constructor(tagged: readonly LocalTagged[]) {
    this.#tagged = tagged
  }

  get names(): readonly string[] {
    return this.#tagged.map(({ name }) => name)
  }

  /** Whether all of these names are among them. */
  hasAll(names: readonly string[]): boolean {
    for (const name of names) if (!this.#has(name)) return false
    return true
  }

  /** Whether all of them are known to be valid: a hit asks no more while no tag is invalidated. */
  isValidAt(epoch: number): boolean {
    return this.#validAt === epoch
  }

  /** What invalidations have made of an entry with these tags; remembered while no tag is invalidated. */
  validity({ epoch }: LocalTags): Validity {
    if (this.#validAt === epoch) return 'valid'
    let worst: Validity = 'valid'
    for (const { token, state } of this.#tagged) {
      const own = validity(token, state)
      if (own === 'dead') return 'dead'
      if (own === 'stale') worst = 'stale'
    }
    if (worst === 'valid') this.#validAt = epoch
    return worst
  }

  /** Whether it is made of the same tags, in the same order and at the same state of them. */
  isMadeOf(tagged: readonly LocalTagged[]): boolean {
    return (
      tagged.length === this.#tagged.length &&
      tagged.every(({ state, token }, index) => {
        const own = this.#tagged[index]
        return own !== undefined && own.state === state && sameToken(own.token, token)
      })
    )
  }

  // A loop, because every tagged hit comes by here.
  #has(name: string): boolean {
    for (const tagged of this.#tagged) if (tagged.name === name) return true
    return false
  }
}
