import type { Tagged, Token } from './token.js'

/** A tag as long as something in this process has it; objects are the random values that nobody else can have. */
class TagState implements Token {
  hard: object = {}
  soft: object = {}
}

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

  invalidate(kind: 'delete' | 'expire', at: string): void {
    this.epoch++
    const state = this.#states.get(at)?.deref()
    if (state === undefined) return
    state.soft = {}
    if (kind === 'delete') state.hard = {}
  }
}
