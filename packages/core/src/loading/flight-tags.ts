import type { Engine } from '../engine.js'
import type { TagPlan, TagsBefore } from '../tags/tag-load.js'
import { sameToken } from '../tags/token.js'
import type { Slot } from '../tiers/slot.js'
import type { Address, View } from '../tiers/tier.js'
import type { LoadPlan } from './load.js'

/** What a flight knows of the tags of its value: before its load, and once it has ended. */
export class FlightTags {
  readonly #engine: Engine
  readonly #address: Address
  readonly #plan: LoadPlan
  /** Asked for together with the claim. */
  #asked: TagsBefore | Promise<TagsBefore> | undefined
  #before: TagsBefore | undefined
  /** Callers have boarded since the load began. */
  #joined = false
  /** They are being looked up for those who are aboard: whoever comes now may know of a newer invalidation. */
  settling = false
  /** A tag that nobody knew of before the load was invalidated meanwhile: whoever has joined has to look again. */
  overtaken = false

  constructor(engine: Engine, address: Address, plan: LoadPlan) {
    this.#engine = engine
    this.#address = address
    this.#plan = plan
  }

  /** In the round trip of the claim: what a load has to know of tags is as old as its claim. */
  ask(slot: Slot): void {
    this.#asked = this.#read(slot)
    // Nobody waits for it where the claim is lost.
    if (this.#asked instanceof Promise) this.#asked.catch(() => {})
  }

  /** What is known before a load that has a claim; what is not going to be stored needs no tokens. */
  before(slot: Slot): TagsBefore | Promise<TagsBefore> {
    return this.#asked ?? this.#read(slot)
  }

  /** The load begins. */
  begin(before: TagsBefore | undefined): void {
    this.#before = before
  }

  join(): void {
    this.#joined = true
  }

  /** Whether callers have joined, who go by what is found out in the end; nobody may join any more. */
  settle(): boolean {
    this.settling = true
    return this.#joined
  }

  /** Whether a call has named one of these tags of a namespace. */
  named(path: string, names: readonly string[]): boolean {
    return path === this.#address.space.path && this.#own.some(name => names.includes(name))
  }

  /** Whether a caller names the same tags as the call that began the flight. */
  areThoseOf({ tags }: View): boolean {
    const own = this.#own
    return tags.length === own.length && own.every(name => tags.includes(name))
  }

  /** Whether a caller has found the tokens that the load began with, or that the flight's own `latest` look has found. */
  areCurrentFor(slot: Slot, latest: Slot): boolean {
    const before = this.#before ?? latest.tags
    const found = slot.tags
    if (!sameToken(before?.generation, found?.generation)) return false
    return this.#own.every(name => {
      const token = before?.tokens.get(name)
      // Two that were missing may not be the same absence.
      return token !== undefined && sameToken(token, found?.tokens.get(name))
    })
  }

  get #own(): readonly string[] {
    return this.#plan.settings.view.tags
  }

  #read(slot: Slot): TagsBefore | Promise<TagsBefore> {
    const { tier, claimTtl } = this.#engine
    const { settings, tagsOf, loader } = this.#plan
    const { ttl, grace, view } = settings
    const plan: TagPlan = {
      named: view.tags,
      // A loader that takes the context may set tags.
      computed: tagsOf !== undefined || loader.length > 0,
      framed: view.format.codec.framed,
      lifetime: ttl + grace + claimTtl,
    }
    return tier.tags.before(this.#address, plan, slot)
  }
}
