import type { CacheInternals } from '../cache/cache-internals.js'
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
  readonly #internals: CacheInternals
  readonly #intent: Intent
  /** `undefined` where there is nothing to hold it by: the store does not answer. */
  readonly #held: Held | undefined
  readonly #cancelTimer: () => void

  private constructor(
    internals: CacheInternals,
    intent: Intent,
    held: Held | undefined,
    cancelTimer: () => void,
  ) {
    this.#internals = internals
    this.#intent = intent
    this.#held = held
    this.#cancelTimer = cancelTimer
  }

  /** Puts a marker over the key; never fails. */
  static async take(internals: CacheInternals, intent: Intent): Promise<KeyHold> {
    let held: Held | undefined
    try {
      held = await hold(internals, intent)
    } catch (error) {
      // A store that fails has been reported. Whatever of this it has taken, the delete after the write takes away.
      if (!isCacheError(error)) throw error
    }
    const { clock } = internals.engine
    held?.claim.keepAlive(clock)
    // One that hangs must not keep others from loading for ever.
    const { hardTimeout } = intent.settings
    const cancelTimer = clock.timer(hardTimeout, () => void held?.claim.rest())
    return new KeyHold(internals, intent, held, cancelTimer)
  }

  /** Puts the value in the marker's place, where that still stands; `false` says that it is not stored. */
  async store({ checked, names }: TaggedValue): Promise<boolean> {
    const { engine } = this.#internals
    const { tier, clock, claimTtl } = engine
    const { address, settings } = this.#intent
    const held = this.#held
    this.#cancelTimer()
    const lifetime = lifetimeOf(checked.value, undefined, settings, clock)
    if (lifetime === undefined) return this.#notStored('ttl-0')
    if (held === undefined) return this.#notStored('no-claim')
    // Nobody knows which of the two came last.
    if (held.contended) return this.#rejected()
    const { view } = settings
    try {
      const kept = keptFor(lifetime, view, clock.now(), claimTtl)
      const tagged = await tier.tags.after(held.tags, names, kept)
      if (tagged === 'unknown') return this.#notStored('tags')
      if (tagged === 'overtaken') return this.#rejected()
      const written = { address, view, checked, tagged, lifetime, since: held.since, conditional: true }
      const stored = await storeWritten(engine, written, (packed, ttl) => held.claim.commit(packed, ttl))
      return stored === undefined ? this.#rejected() : true
    } catch (error) {
      if (!isCacheError(error)) throw error
      return this.#notStored(notStoredReason(error), error)
    }
  }

  /** Deletes the key, since nobody knows what it should hold. @throws CacheError `ERR_CACHE_UNDELIVERED` */
  async drop(): Promise<void> {
    this.#cancelTimer()
    // Ends what keeps the marker alive.
    await this.#held?.claim.rest()
    await invalidateKeys(this.#internals.engine, 'delete', [this.#intent.address])
  }

  #rejected(): false {
    const { counters, events } = this.#internals.engine
    counters.commitsRejected++
    if (events.active) events.emit({ type: 'commit-rejected', key: this.#intent.address.key })
    return false
  }

  #notStored(reason: NotStoredReason, error?: Error): false {
    const { events } = this.#internals.engine
    const { key } = this.#intent.address
    if (events.active) events.emit({ type: 'not-stored', key, reason, ...(error !== undefined && { error }) })
    return false
  }
}

async function hold({ engine }: CacheInternals, intent: Intent): Promise<Held | undefined> {
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
  return { tags: before, since, ...taken }
}
