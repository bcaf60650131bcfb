import type { Queued } from '../invalidation/queued.js'
import type { Undelivered } from '../invalidation/undelivered.js'
import type { Answer } from '../tiers/read-batch.js'
import type { SlotTags } from '../tiers/slot.js'
import { endOfTags, FRAME_OVERHEAD, type FrameHead } from '../values/frame.js'
import { afterTag } from '../values/frame-tags.js'
import { tokenIn } from './stored-tokens.js'
import { NO_TAGS } from './tag-names.js'
import type { Token } from './token.js'

/** The name under which the generation of a namespace stands among the tags of a frame. */
export const GENERATION = ''

/** What of tags is read beside a key: the tokens of those that the call names, and the generation of the namespace. */
export class ReadTags implements SlotTags {
  found: readonly string[] = NO_TAGS
  generation: Token | undefined
  readonly #names: readonly string[]
  readonly #answers: readonly Answer[]
  readonly #undelivered: Undelivered
  readonly #needsGeneration: boolean
  readonly #coming: Promise<void> | undefined
  /** What waited in line for each tag when it was asked; `undefined` where nothing did. */
  readonly #before: readonly (Queued | undefined)[] | undefined
  #tokens: Map<string, Token | undefined> | undefined

  /** `generation` is undefined where it can't be read, or `needsGeneration` says that there is none. */
  constructor(
    names: readonly string[],
    answers: readonly Answer[],
    undelivered: Undelivered,
    generation: Token | undefined | Promise<Token | undefined>,
    needsGeneration: boolean,
  ) {
    this.#names = names
    this.#answers = answers
    this.#undelivered = undelivered
    this.#before = undelivered.size === 0 ? undefined : answers.map(({ at }) => undelivered.queued(at))
    this.#needsGeneration = needsGeneration
    if (generation instanceof Promise) {
      this.#coming = generation.then(token => {
        this.generation = token
      })
    } else {
      this.#coming = undefined
      this.generation = generation
    }
  }

  /** Whether there is nothing to know. */
  get isEmpty(): boolean {
    return this.#names.length === 0 && !this.#needsGeneration
  }

  /** Whether something could not be read: then nobody knows what an entry is worth. */
  get isLacking(): boolean {
    if (this.#needsGeneration && this.generation === undefined) return true
    for (const answer of this.#answers) if (answer.error !== undefined) return true
    return false
  }

  /** Resolves when all is there, and the answer that it is read beside. */
  settledWith(answer: Answer): Promise<unknown> {
    const { settled } = answer
    // Most of the time they travel together.
    let together = this.#coming === undefined
    for (const other of this.#answers) if (other.settled !== settled) together = false
    if (together) return settled
    return Promise.all([settled, this.#coming, ...this.#answers.map(other => other.settled)])
  }

  get tokens(): ReadonlyMap<string, Token | undefined> {
    this.#tokens ??= new Map(this.#names.map((name, index) => [name, this.#token(index)]))
    return this.#tokens
  }

  /** Whether a frame has exactly these tags, with the tokens that they have now: then it is valid. Most are. */
  match(head: FrameHead, bytes: Uint8Array): boolean {
    const end = endOfTags(head)
    let at = FRAME_OVERHEAD
    if (this.generation !== undefined) at = afterTag(bytes, at, end, GENERATION, this.generation)
    const names = this.#names
    for (let index = 0; index < names.length; index++) {
      const token = this.#token(index)
      if (token === undefined) return false
      at = afterTag(bytes, at, end, names[index] as string, token)
    }
    if (at !== end) return false
    this.found = names
    return true
  }

  #token(index: number): Token | undefined {
    const answer = this.#answers[index] as Answer
    return this.#undelivered.tokenSeen(answer.at, tokenIn(answer), this.#before?.[index])
  }
}
