import { abortable } from './abortable.js'
import { acquireClaim, type Claim } from './claim.js'
import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
import type { Engine } from './engine.js'
import type { Entry } from './entry.js'
import { CacheError, isCacheError } from './errors.js'
import type { CacheEvent, LoadReason, NotStoredReason } from './events.js'
import { claimLoadCommit, type Flight } from './guard.js'
import { lifetimeOf } from './lifetime.js'
import { type Loaded, type Loader, runLoader } from './loader.js'
import { randomId } from './random-bits.js'
import type { Settings } from './settings.js'
import { type Slot, sameSlot } from './slot.js'
import type { Address } from './tier.js'

/** What a call asks for: how to load, and how to keep what was loaded. */
export interface LoadPlan {
  readonly loader: Loader<unknown>
  readonly settings: Settings
  /** The ttl of a loaded value; `undefined` leaves it to the settings. */
  readonly ttlOf: ((value: unknown) => Milliseconds) | undefined
}

/** A flight as the core runs it; guards see the `Flight` in it. */
export class RunningFlight implements Flight<unknown> {
  readonly key: string
  readonly reason: LoadReason
  readonly present: Entry<unknown> | undefined
  readonly clock: Clock
  /** Settles for all who wait; aborts and the hard timeout reject it. */
  readonly outcome: Promise<Entry<unknown>>
  detached = false
  readonly #engine: Engine
  readonly #address: Address
  readonly #plan: LoadPlan
  readonly #holder = randomId()
  readonly #abort = new AbortController()
  readonly #first: Slot
  #slot: Slot
  #claim: Claim | undefined
  #begun = false
  #looked = false
  #ended = false
  #callers = 0
  #inBackground = false

  constructor(engine: Engine, address: Address, slot: Slot, reason: LoadReason, plan: LoadPlan) {
    this.key = address.key
    this.reason = reason
    this.present = slot.kind === 'value' ? slot.entry : undefined
    this.clock = engine.clock
    this.#engine = engine
    this.#address = address
    this.#first = slot
    this.#slot = slot
    this.#plan = plan
    this.outcome = this.#run()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /**
   * Whether a caller whose own read found `slot` may share this flight.
   *
   * Before the load has begun: if it saw what the flight saw. After that: only if its read shows that the claim
   * still stands, since another process may have invalidated the key meanwhile.
   */
  admits(slot: Slot, reason: LoadReason): boolean {
    if (this.detached || this.#ended || this.#abort.signal.aborted) return false
    if (slot.kind === 'unreachable' && this.#slot.kind === 'unreachable') return reason !== 'forced'
    // Any other flight may end with a value that somebody began to load before this caller asked.
    if (reason === 'forced' && this.reason !== 'forced') return false
    if (!this.#begun) return !this.#looked && sameSlot(this.#slot, slot)
    if (reason === 'forced' || this.#claim === undefined) return false
    if (this.#claim.marked) return slot.kind === 'marker' && slot.holder === this.#holder
    return slot.kind === 'value' && sameSlot(this.#slot, slot)
  }

  /** One more caller waits; the returned function takes it off again, and the last one to leave aborts the load. */
  board(): () => void {
    this.#callers++
    return () => {
      this.#callers--
      if (this.#callers > 0 || this.#ended || this.#inBackground) return
      this.abort(new DOMException('No caller waits for this load any longer', 'AbortError'))
    }
  }

  detach(): void {
    this.detached = true
  }

  /** Rejects everyone who waits and tells the loader to stop. */
  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  async claim(
    ttl: Milliseconds = this.#engine.claimTtl,
  ): Promise<Claim | 'held' | 'present' | 'unavailable'> {
    const { tier } = this.#engine
    const { framed } = this.#plan.settings.view.format.codec
    const forced = this.reason === 'forced'
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await acquireClaim(tier, this.#address, this.#slot, {
        holder: this.#holder,
        ttl,
        forced,
        framed,
      })
      if (answer !== 'lost') {
        if (typeof answer === 'object') this.#claim = answer
        return answer
      }
      // Perhaps a value has just arrived; perhaps the claim that was in the way is gone.
      if ((await this.recheck()) !== undefined && !forced) return 'present'
    }
    return 'held'
  }

  async recheck(): Promise<Entry<unknown> | undefined> {
    const arrived = this.#arrived()
    if (arrived !== undefined) return arrived
    // What this read finds counts for those who wait already, not for who comes after it was sent.
    this.#looked = true
    this.#slot = await this.#engine.tier.read(this.#address, this.#plan.settings.view)
    return this.#arrived()
  }

  async load(claim?: Claim): Promise<Entry<unknown>> {
    const { clock, counters, events, background } = this.#engine
    const { loader, settings, ttlOf } = this.#plan
    this.#begun = true
    this.#claim = claim
    claim?.keepAlive(clock)
    const createdAt = clock.now()
    const startedAt = clock.monotonic()
    let loaded: Loaded
    let ttl: Milliseconds | undefined
    try {
      this.signal.throwIfAborted()
      const told = {
        key: this.key,
        signal: this.signal,
        previous: this.present?.value,
        background: this.#inBackground,
      }
      loaded = await abortable(runLoader(loader, told, settings.view.schema), this.signal)
      ttl = loaded.ttl ?? ttlOf?.(loaded.value)
    } catch (error) {
      counters.loadErrors++
      if (events.active) events.emit({ type: 'load-error', key: this.key, reason: this.reason, error })
      const released = claim?.release().catch(reported)
      // Nobody waits here once the flight was aborted; `close` does.
      if (released !== undefined) background.add(this.key, released)
      await released
      throw error
    }
    const loadTime = clock.monotonic() - startedAt
    counters.loads++
    counters.loadTime.record(loadTime)
    if (events.active) events.emit({ type: 'load', key: this.key, reason: this.reason, duration: loadTime })

    const lifetime = lifetimeOf(loaded.value, ttl, settings, clock)
    const entry: Entry<unknown> = {
      value: loaded.value,
      createdAt,
      loadTime,
      staleAt: lifetime?.staleAt ?? createdAt,
      deleteAt: lifetime?.deleteAt ?? createdAt,
      schemaVersion: settings.view.schemaVersion,
    }
    if (lifetime === undefined) {
      this.#tellNotStored(loaded.ttl === 0 ? 'no-store' : 'ttl-0')
      await this.#discard(claim)
    } else {
      await this.#commit(claim, entry, loaded.checkable)
    }
    return entry
  }

  background(work: Promise<unknown>): void {
    this.#inBackground = true
    this.#engine.background.add(this.key, work)
  }

  emit(event: CacheEvent): void {
    this.#engine.events.emit(event)
  }

  /** A fresh value that the last look found and that this flight was not to replace. */
  #arrived(): Entry<unknown> | undefined {
    const slot = this.#slot
    if (slot.kind !== 'value' || this.clock.now() >= slot.entry.staleAt) return undefined
    return sameSlot(this.#first, slot) ? undefined : slot.entry
  }

  /** Stores an entry as far as the claim allows; whatever becomes of that, the callers get it. */
  async #commit(claim: Claim | undefined, entry: Entry<unknown>, checkable: boolean): Promise<void> {
    const { tier, clock, claimTtl, events, counters, background } = this.#engine
    try {
      if (claim === undefined) {
        this.#tellNotStored('no-claim')
        await this.#dropIfForced()
        return
      }
      const packed = this.detached
        ? undefined
        : tier.pack(this.#address, entry, this.#plan.settings.view, checkable)
      if (packed !== undefined && (await claim.commit(packed, entry.deleteAt - clock.now() + claimTtl))) {
        counters.commits++
        if (events.active) events.emit({ type: 'commit', key: this.key })
        return
      }
      this.#tellRejected()
      if (packed === undefined) await claim.release()
      await this.#dropIfForced()
    } catch (error) {
      if (!isCacheError(error)) throw error
      const unfit = UNFIT[error.code]
      this.#tellNotStored(unfit ?? 'store-error', error)
      if (unfit !== undefined) await this.#discard(claim)
      // The caller has waited for one deadline already. If the commit landed after all this does nothing.
      else if (claim !== undefined) background.add(this.key, claim.release().catch(reported))
    }
  }

  /** Ends the claim of a load whose result is not stored; what it was to replace goes as well. */
  async #discard(claim: Claim | undefined): Promise<void> {
    try {
      if ((await claim?.discard()) !== true) await this.#dropIfForced()
    } catch (error) {
      if (!isCacheError(error)) throw error
    }
  }

  /** What stands there instead may come from a load that began before this one was asked for. */
  async #dropIfForced(): Promise<void> {
    if (this.reason !== 'forced') return
    const { tier, background } = this.#engine
    const dropped = tier.delete(this.#address.at)
    // A store that did not answer before has cost the caller one deadline already.
    if (this.#slot.kind === 'unreachable') background.add(this.key, dropped.catch(reported))
    else await dropped
  }

  #tellNotStored(reason: NotStoredReason, error?: Error): void {
    const { events } = this.#engine
    if (!events.active) return
    events.emit({ type: 'not-stored', key: this.key, reason, ...(error !== undefined && { error }) })
  }

  #tellRejected(): void {
    const { events, counters } = this.#engine
    counters.commitsRejected++
    if (events.active) events.emit({ type: 'commit-rejected', key: this.key })
  }

  /** Runs the guard under the hard timeout; whatever ends the flight ends its claim. */
  async #run(): Promise<Entry<unknown>> {
    const { guard, clock, running } = this.#engine
    const { hardTimeout } = this.#plan.settings
    const cancel = clock.timer(hardTimeout, () =>
      this.abort(
        new CacheError(
          'ERR_CACHE_LOAD_TIMEOUT',
          `loading '${this.key}' took longer than its hardTimeout of ${hardTimeout} ms`,
        ),
      ),
    )
    running.add(this)
    // The flight is registered by whoever made it before anything of it runs.
    await undefined
    try {
      const work = guard === undefined ? claimLoadCommit(this) : guard.run(this, claimLoadCommit)
      return await abortable(work, this.signal)
    } finally {
      this.#ended = true
      cancel()
      running.delete(this)
    }
  }
}

/** Why a value could not be stored that the store never saw. */
const UNFIT: Partial<Record<string, NotStoredReason>> = {
  ERR_CACHE_NOT_ENCODABLE: 'not-encodable',
  ERR_CACHE_TOO_LARGE: 'too-large',
}

/** For store calls whose failure has been told as an event and changes nothing here. */
function reported(): void {}
