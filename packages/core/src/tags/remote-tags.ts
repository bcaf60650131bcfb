import { atMost } from '../at-most.js'
import type { Background } from '../background.js'
import type { Milliseconds } from '../duration.js'
import type { Undelivered } from '../invalidation/undelivered.js'
import type { KeySpace } from '../keys/key.js'
import { epochKey, tokenKey } from '../keys/token-key.js'
import type { Slot } from '../tiers/slot.js'
import { CALLS_AT_ONCE, type StoreCalls, unanswered } from '../tiers/store-calls.js'
import type { Address } from '../tiers/tier.js'
import type { Generations } from './generations.js'
import { GENERATION, ReadTags } from './read-tags.js'
import type { RemoteToken } from './remote-token.js'
import type { StoredTokens } from './stored-tokens.js'
import type { TagAddress, TagPlan, TagsAfter, TagsBefore, TierTags } from './tag-load.js'
import { NO_TAGS } from './tag-names.js'
import { namesOf, sameToken, type Tagged, type Token, worstValidity } from './token.js'

const NO_TOKENS: ReadonlyMap<string, RemoteToken> = new Map()

/** What a remote load knows before it begins. */
interface RemoteTagsBefore extends TagsBefore {
  readonly tokens: ReadonlyMap<string, RemoteToken>
  readonly framed: boolean
  /** The tags that the call names. */
  readonly named: readonly string[]
  /** That of the namespace's tags, where the load may have tags which it can't name yet. */
  readonly epoch: Token | undefined
}

/**
 * Tags in a remote store: a random token for each, at a key of its own.
 *
 * To invalidate a tag is to delete its token, to expire it to draw half of it anew. Entries carry the tokens that
 * their tags had before their loads began; whoever reads compares. Nothing counts time, lists members, or scans.
 */
export class RemoteTags implements TierTags {
  readonly #calls: StoreCalls
  readonly #stored: StoredTokens
  readonly #undelivered: Undelivered
  readonly #generations: Generations | undefined
  readonly #background: Background
  /** The namespaces whose loaders have set tags though nothing said that they might. */
  readonly #surprising = new Set<string>()

  constructor(
    calls: StoreCalls,
    stored: StoredTokens,
    undelivered: Undelivered,
    generations: Generations | undefined,
    background: Background,
  ) {
    this.#calls = calls
    this.#stored = stored
    this.#undelivered = undelivered
    this.#generations = generations
    this.#background = background
  }

  /**
   * The tokens of these tags now, in the round trip of the keys that are read in the same tick.
   *
   * @throws CacheError where the store does not answer: a tag without a token is another matter.
   */
  async read(
    space: KeySpace,
    names: readonly string[],
    known?: ReadonlyMap<string, Token | undefined>,
  ): Promise<Map<string, Token | undefined>> {
    const tokens = new Map<string, Token | undefined>(known)
    const missing = names.filter(name => !tokens.has(name))
    const ats = missing.map(name => tokenKey(space, name))
    const before = ats.map(at => this.#undelivered.queued(at))
    const found = await Promise.all(ats.map(at => this.#stored.read(at)))
    for (const [index, name] of missing.entries()) {
      tokens.set(name, this.#undelivered.tokenSeen(ats[index] as string, found[index], before[index]))
    }
    return tokens
  }

  /**
   * Asks for the tokens of the tags that a call names, in the round trip of the keys that are read in the same tick.
   *
   * `generation` is that of the namespace where the store has them, or what will bring it.
   */
  ask(space: KeySpace, names: readonly string[], at: string): ReadTags {
    const answers = names.map(name => this.#stored.ask(tokenKey(space, name)))
    return new ReadTags(
      names,
      answers,
      this.#undelivered,
      this.#generations?.current(space, at),
      this.#generations !== undefined,
    )
  }

  before(
    address: Address,
    plan: TagPlan,
    slot: Slot | undefined,
  ): RemoteTagsBefore | Promise<RemoteTagsBefore> {
    const { named, computed, framed } = plan
    const untagged =
      named.length === 0 &&
      !computed &&
      this.#generations === undefined &&
      !this.#surprising.has(address.space.path)
    return untagged || !framed
      ? { address, named, tokens: NO_TOKENS, generation: undefined, framed, epoch: undefined }
      : this.#before(address, plan, slot)
  }

  after(
    before: TagsBefore,
    names: readonly string[],
    lifetime: Milliseconds,
  ): TagsAfter | Promise<TagsAfter> {
    const known = before as RemoteTagsBefore
    const untagged = names.length === 0 && this.#generations === undefined
    return untagged || !known.framed ? [] : this.#after(known, names, lifetime)
  }

  async #before(address: Address, plan: TagPlan, slot: Slot | undefined): Promise<RemoteTagsBefore> {
    const { space, at } = address
    const { named, lifetime } = plan
    const computed = plan.computed || this.#surprising.has(space.path)
    const read = slot?.tags
    // What the entry had before is what it will have, more often than not.
    const names = computed ? [...new Set([...named, ...(read?.found ?? NO_TAGS)])] : named
    const [generation, epoch, ...obtained] = await Promise.all([
      read?.generation ?? this.#generations?.current(space, at),
      computed ? this.#stored.obtain(epochKey(space), lifetime) : undefined,
      ...names.map(name => this.#obtain(space, name, lifetime, read?.tokens)),
    ])
    const tokens = new Map<string, RemoteToken>()
    for (const [index, name] of names.entries()) {
      const token = obtained[index]
      if (token !== undefined) tokens.set(name, token)
    }
    return { address, named, tokens, generation, framed: true, epoch }
  }

  async #after(
    { address, named, tokens, generation, epoch }: RemoteTagsBefore,
    names: readonly string[],
    lifetime: Milliseconds,
  ): Promise<TagsAfter> {
    const { space } = address
    if (this.#generations !== undefined && generation === undefined) return 'unknown'
    const late = names.filter(name => !tokens.has(name))
    const all = new Map(tokens)
    if (late.length > 0) {
      if (epoch === undefined) {
        if (late.some(name => !named.includes(name))) this.#surprising.add(space.path)
        return 'unknown'
      }
      // The tokens first, then the epoch, which whoever invalidates changes first: if it is still the same, no
      // invalidation of these tags has come before their tokens were read.
      const found = await Promise.all(late.map(name => this.#stored.obtain(tokenKey(space, name), lifetime)))
      for (const [index, name] of late.entries()) {
        const token = found[index]
        if (token === undefined) return 'unknown'
        all.set(name, token)
      }
      const now = await this.#stored.read(epochKey(space)).catch(unanswered)
      if (!sameToken(epoch, now)) return 'overtaken'
    }
    const tagged: Tagged[] = generation === undefined ? [] : [{ name: GENERATION, token: generation }]
    for (const name of names) {
      const token = all.get(name) as RemoteToken
      tagged.push({ name, token })
      if (this.#stored.isShort(token, lifetime)) {
        const at = tokenKey(space, name)
        this.#background.add(at, this.#stored.renew(at, token, lifetime))
      }
    }
    return tagged
  }

  async areCurrent({ space, at }: Address, tagged: readonly Tagged[]): Promise<boolean> {
    const [generation, tokens] = await Promise.all([
      this.#generations?.current(space, at),
      this.read(space, namesOf(tagged)).catch(unanswered),
    ])
    tokens?.set(GENERATION, generation)
    return tokens !== undefined && worstValidity(tagged, tokens) === 'valid'
  }

  /** The epoch goes first: see `after`. */
  async invalidate(kind: 'delete' | 'expire', { space, names, lifetime }: TagAddress): Promise<void> {
    const epoch = epochKey(space)
    const all = names.map(name => tokenKey(space, name))
    const [changed] = await Promise.allSettled([
      this.#calls.run('delete', [epoch], store => store.delete(epoch)),
    ])
    // Where the server of the epoch is down others may still take their tokens: that hides the most, though not all.
    const ats = changed.status === 'fulfilled' ? all : this.#elsewhere(all, epoch)
    if (kind === 'delete') await this.#calls.deleteMany(ats)
    else await atMost(CALLS_AT_ONCE, ats, at => this.#stored.soften(at, lifetime))
    if (changed.status === 'rejected') throw changed.reason
  }

  /** The keys that are kept by other servers than this one is. */
  #elsewhere(ats: readonly string[], than: string): readonly string[] {
    const { shards } = this.#calls.store
    return shards === undefined ? [] : ats.filter(at => shards.of(at) !== shards.of(than))
  }

  async #obtain(
    space: KeySpace,
    name: string,
    lifetime: Milliseconds,
    read: ReadonlyMap<string, Token | undefined> | undefined,
  ): Promise<RemoteToken | undefined> {
    const at = tokenKey(space, name)
    // What this process has invalidated and the store has not taken shows as missing.
    if (read?.has(name) !== true || this.#undelivered.size > 0) return this.#stored.obtain(at, lifetime)
    const token = read.get(name)
    return isStored(token) ? token : this.#stored.create(at, lifetime)
  }
}

/** A token of the store, not one that stands for what the store has not taken. */
function isStored(token: Token | undefined): token is RemoteToken {
  return typeof token?.soft === 'string'
}
