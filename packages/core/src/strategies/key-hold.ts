import type { CacheInside } from '../cache/cache-inside.js'
import type { Settings } from '../cache/settings.js'
import { storeWritten } from '../cache/store-written.js'
import { isCacheError } from '../errors.js'
import type { NotStoredReason } from '../events.js'
import { invalidateKeys } from '../invalidation/invalidation.js'
import { keptFor, lifetimeOf } from '../loading/lifetime.js'
import { notStoredReason } from '../loading/not-stored.js'
import { claimForWrite, type WriteClaim } from '../loading/write-claim.js'
import type { TagsBefore } from '../tags/tag-load.js'
import { type TagOption, tagPlan } from '../tags/tag-plan.js'
import type { Since } from '../tiers/local-copies.js'
import type { Address } from '../tiers/tier.js'
import type { CheckedValue } from '../values/schema-check.js'

/** What is going to be written at a key, but for the value. */
export interface Intent {
  readonly address: Address
  readonly settings: Settings
  readonly tags: TagOption
}

/** A value that passes its schema, and the names of its tags. */
export interface TaggedValue {
  readonly checked: CheckedValue
  readonly names: readonly string[]
}

/** What a key was found to be when its write claimed it. */
interface Held extends WriteClaim {
  readonly tags: TagsBefore
  readonly since: Since | undefined
}

/** A key's place, held while the application writes to its database: nobody reads the old value, or stores one. */
export class KeyHold {
  readonly #inside: CacheInside
  readonly #intent: Intent
  /** `undefined` where there is nothing to hold it by: the store does not answer. */
  readonly #held: Held | undefined

  private constructor(inside: CacheInside, intent: Intent, held: Held | undefined) {
    this.#inside = inside
    this.#intent = intent
    this.#held = held
  }

  /** Puts a marker over the key; never fails. */
  static async take(inside: CacheInside, intent: Intent): Promise<KeyHold> {
    let held: Held | undefined
    try {
      held = await hold(inside, intent)
    } catch (error) {
      // A store that fails has been reported. Whatever of this it has taken, the delete after the write takes away.
      if (!isCacheError(error)) throw error
    }
    held?.claim.keepAlive(inside.engine.clock)
    return new KeyHold(inside, intent, held)
  }

  /** Puts the value in the marker's place, where that still stands; `false` says that it is not stored. */
  async store({ checked, names }: TaggedValue): Promise<boolean> {
    const { engine } = this.#inside
    const { tier, clock, claimTtl } = engine
    const { address, settings } = this.#intent
    const held = this.#held
    const lifetime = lifetimeOf(checked.value, undefined, settings, clock)
    if (lifetime === undefined) return this.#notStored('ttl-0')
    if (held === undefined || held.contended) return false
    const { view } = settings
    try {
      const kept = keptFor(lifetime, view, clock.now(), claimTtl)
      const tagged = await tier.tags.after(held.tags, names, kept)
      if (tagged === 'unknown') return this.#notStored('tags')
      if (tagged === 'overtaken') return false
      const written = { address, view, checked, tagged, lifetime, since: held.since }
      const stored = await storeWritten(engine, written, (packed, ttl) => held.claim.commit(packed, ttl))
      return stored !== undefined
    } catch (error) {
      if (!isCacheError(error)) throw error
      return this.#notStored(notStoredReason(error), error)
    }
  }

  /**
   * Deletes the key, since nobody knows what it should hold.
   *
   * Over somebody else's write the marker stays instead: if that one crashes its value may be in the database already.
   *
   * @throws CacheError `ERR_CACHE_UNDELIVERED`
   */
  async drop(): Promise<void> {
    const { engine } = this.#inside
    const held = this.#held
    if (held?.contended === true && (await held.claim.leave().catch(failed))) return
    // Ends what keeps it alive.
    await held?.claim.release().catch(failed)
    await invalidateKeys(engine, 'delete', [this.#intent.address])
  }

  #notStored(reason: NotStoredReason, error?: Error): false {
    const { events } = this.#inside.engine
    const { key } = this.#intent.address
    if (events.active) events.emit({ type: 'not-stored', key, reason, ...(error !== undefined && { error }) })
    return false
  }
}

async function hold({ engine }: CacheInside, intent: Intent): Promise<Held | undefined> {
  const { tier, clock, claimTtl, copies, flights, told, undelivered } = engine
  const { address, settings, tags } = intent
  // What it says of the key is not to be believed yet.
  if (undelivered.blocks(address.at)) return undefined
  const since = copies?.since()
  const taken = await claimForWrite(tier, address, settings.view, clock, claimTtl)
  flights.detach(address.at)
  copies?.drop(address)
  if (taken === undefined) return undefined
  // The copies of others must not outlive a crash of this process.
  const telling = told.keys([address.at])
  const before = await tier.tags.before(address, tagPlan(engine, settings, tags), taken.found)
  await telling
  return { ...taken, tags: before, since }
}

/** For store calls whose failure has been told as an event. */
function failed(error: unknown): false {
  if (!isCacheError(error)) throw error
  return false
}
