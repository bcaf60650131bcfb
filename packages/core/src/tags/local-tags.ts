import { LocalTagSet } from './local-tag-set.js'
import type { Tagged, Token } from './token.js'

/** A tag as long as something in this process has it; objects are the random values that nobody else can have. */
class TagState implements Token {
  hard: object = {}
  soft: object = {}
}

/** Most sets of tags that are remembered to be shared; entries keep their own alive. */
const MOST_SETS = 1_000

/** A tag of an entry in a local store, with its state now. */
export interface LocalTagged extends Tagged {
  readonly state: Token
}

/**
 * The tags of the entries in a local store.
 *
 * The entries themselves keep the states of their tags alive; a tag that nothing has any longer is forgotten.
 */
export class LocalTags {
  /** Moves with every invalidation of a tag: what was valid at this epoch still is. */
  epoch = 0
  readonly #sets = new Map<string, LocalTagSet>()
  readonly #states = new Map<string, WeakRef<TagState>>()
  readonly #gone = new FinalizationRegistry<string>(at => {
    if (this.#states.get(at)?.deref() === undefined) this.#states.delete(at)
  })

  /** The state of the tag whose token is kept at the wire key `at`. */
  state(at: string): Token {
    const known = this.#states.get(at)?.deref()
    if (known !== undefined) return known
    const state = new TagState()
    this.#states.set(at, new WeakRef(state))
    this.#gone.register(state, at)
    return state
  }

  /** `name` as a tag of what is loaded or stored now. */
  tagged(name: string, at: string): LocalTagged {
    const state = this.state(at)
    return { name, state, token: { hard: state.hard, soft: state.soft } }
  }

  /**
   * These tags as entries have them, which may share them; `undefined` for none.
   *
   * What many entries have is one object then: it takes no memory for each, and is at hand for every hit.
   */
  setOf(tagged: readonly LocalTagged[]): LocalTagSet | undefined {
    if (tagged.length === 0) return undefined
    const names = tagged.map(({ name }) => name).join('\0')
    const known = this.#sets.get(names)
    if (known?.isMadeOf(tagged)) return known
    const set = new LocalTagSet(tagged)
    this.#sets.delete(names)
    this.#sets.set(names, set)
    if (this.#sets.size > MOST_SETS) {
      for (const oldest of this.#sets.keys()) {
        this.#sets.delete(oldest)
        break
      }
    }
    return set
  }

  invalidate(kind: 'delete' | 'expire', at: string): void {
    this.epoch++
    const state = this.#states.get(at)?.deref()
    if (state === undefined) return
    state.soft = {}
    if (kind === 'delete') state.hard = {}
  }
}
