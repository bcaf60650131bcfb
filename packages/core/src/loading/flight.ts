import { Abort } from '../abort.js'
import { abortable } from '../abortable.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError, quote } from '../errors.js'
import type { CacheEvent, LoadReason } from '../events.js'
import { randomId } from '../random-bits.js'
import { isPending, type Slot, sameSlot } from '../tiers/slot.js'
import type { Address, View } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'
import { acquireClaim, type Claim } from './claim.js'
import type { Failure } from './failures.js'
import { FlightTags } from './flight-tags.js'
import { claimLoadCommit, type Flight } from './guard.js'
import type { GuardOption } from './guard-options.js'
import { type LoadPlan, loadAndStore, loadTimeout } from './load.js'

/** What a caller brings that would share a flight. */
export interface Boarding {
  /** Another cache over the same store keeps values in its own way. */
  readonly engine: Engine
  /** What its own read found. */
  readonly slot: Slot
  readonly reason: LoadReason
  readonly view: View
}

/**
 * A flight as the core runs it; guards see the `Flight` in it.
 *
 * It is long because who may share it is decided by all that it does: its looks, its claim, its load, its answer.
 */
export class RunningFlight implements Flight<unknown> {
  readonly key: string
  readonly path: string
  readonly reason: LoadReason
  readonly present: Entry<unknown> | undefined
  readonly clock: Clock
  readonly tags: FlightTags
  /** Settles for all who wait; aborts and the hard timeout reject it. */
  readonly outcome: Promise<Entry<unknown>>
  /** Resolves when nothing of the flight is left, its background work included. */
  readonly ended: Promise<void>
  detached = false
  /** A look at the store that is under way; what it finds is for those who waited when it was sent. */
  look: Promise<unknown> | undefined
  readonly #engine: Engine
  readonly #address: Address
  readonly #plan: LoadPlan
  readonly #holder = randomId()
  readonly #abort = new Abort()
  readonly #first: Slot
  readonly #background = new Set<Promise<unknown>>()
  #slot: Slot
  /** That of the load. */
  #claim: Claim | undefined
  /** One that no load has been given. */
  #unused: Claim | undefined
  /** The load has begun: what the claim was taken for happens. */
  #begun = false
  /** The store did not answer when it was asked for a claim. */
  #unanswered = false
  /** A look has found what this flight brings, or whom it shares: who asks now may know of a newer invalidation. */
  #settled = false
  /** What the flight has brought that it shared. */
  #rode: Entry<unknown> | undefined
  #loaded: Promise<Entry<unknown>> | undefined
  #tellBegun: () => void = () => {}
  readonly #whenBegun = new Promise<void>(resolve => {
    this.#tellBegun = resolve
  })
  /** Nobody waits any longer: the outcome is there. */
  #answered = false
  #over = false
  #callers = 0

  constructor(engine: Engine, address: Address, slot: Slot, reason: LoadReason, plan: LoadPlan) {
    this.key = address.key
    this.path = address.space.path
    this.reason = reason
    // Who forces a load does not want to be served what is there.
    this.present = slot.kind === 'value' && reason !== 'forced' ? slot.entry : undefined
    this.clock = engine.clock
    this.#engine = engine
    this.tags = new FlightTags(engine, address, plan)
    this.#address = address
    this.#first = slot
    this.#slot = slot
    this.#plan = plan
    engine.running.add(this)
    plan.member?.fly(this.#abort)
    const { hardTimeout } = plan.settings
    const cancelTimeout = engine.clock.timer(hardTimeout, () =>
      this.abort(loadTimeout(this.key, hardTimeout)),
    )
    this.outcome = this.#run()
    this.ended = this.#end(cancelTimeout)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why it was aborted; `undefined` for as long as it was not. */
  get abortReason(): unknown {
    return this.#abort.reason
  }

  get batch(): object | undefined {
    return this.#plan.member?.batch
  }

  get held(): boolean {
    return this.#slot.kind === 'marker' && this.reason !== 'forced'
  }

  get failure(): Failure | undefined {
    return this.#engine.flights.failure(this.#address.at, this.#plan.settings.view)
  }

  /** Whoever started it waits for less than others of its cache. */
  get impatient(): boolean {
    return this.#plan.impatient
  }

  /** Whether the load has begun: whoever boards now has to look again if it is overtaken. */
  get begun(): boolean {
    return this.#begun
  }

  /** Answered, while work goes on that no caller waits for. */
  get inBackground(): boolean {
    return this.#background.size > 0
  }

  option<T>(option: GuardOption<T>): T | undefined {
    return this.#plan.settings.guard.get(option)
  }

  /**
   * Whether a caller may share this flight, by the evidence of its own read.
   *
   * Before the load has begun everybody may whom it can serve: what it is going to load or to look for is newer
   * than the caller. Later only if the caller's read shows that the claim still stands, its own or the one that kept
   * it from having one, since another process may have invalidated the key meanwhile.
   */
  admits({ engine, slot, reason, view }: Boarding): boolean {
    if (this.detached || this.#over || this.#abort.aborted || engine !== this.#engine) return false
    const own = this.#plan.settings.view
    if (view.schemaVersion !== own.schemaVersion || view.schema !== own.schema) return false
    if (!this.tags.areThoseOf(view)) return false
    // Any other flight may end with a value that somebody began to load before this caller asked.
    if (reason === 'forced' && (this.reason !== 'forced' || this.#begun)) return false
    if (slot.kind === 'unreachable' && this.#slot.kind === 'unreachable') return true
    if (!this.#begun) {
      return this.present === undefined ? !this.#answered && !this.#settled : sameSlot(this.#first, slot)
    }
    if (!this.tags.areCurrentFor(slot, this.#slot)) return false
    // Values without frames are outside the promise: no marker could be evidence.
    if (!own.format.codec.framed && this.#engine.tier.name === 'remote') return true
    // Without a claim of its own the one that it has found to stand is evidence too.
    if (this.#claim === undefined) return slot.kind === 'marker' && sameSlot(this.#slot, slot)
    if (slot.kind === 'marker') return this.holds(slot)
    return slot.kind === 'value' && sameSlot(this.#slot, slot)
  }

  /** Whether a read found this flight's own marker. */
  holds(slot: Slot): boolean {
    return (
      (this.#claim ?? this.#unused)?.marked === true && slot.kind === 'marker' && slot.holder === this.#holder
    )
  }

  /**
   * What a caller gets that shares this flight: never something present that its own read has not found.
   *
   * Where others were served what was present, `patient` waits for the load that goes on.
   */
  async sharedWith(slot: Slot, patient: boolean): Promise<Entry<unknown>> {
    const entry = await this.outcome
    if (entry !== this.present) return entry
    if (slot.kind === 'value' && !patient) return slot.entry
    await Promise.race([this.#whenBegun, this.ended])
    return this.#loaded ?? (slot.kind === 'value' ? slot.entry : entry)
  }

  /** One more caller waits; the returned function takes it off again, and the last one to leave aborts the load. */
  board(): () => void {
    this.#callers++
    if (this.#begun) this.tags.join()
    return () => {
      this.#callers--
      if (this.#callers > 0 || this.#answered || this.#background.size > 0) return
      this.abort(new DOMException('No caller waits for this load any longer', 'AbortError'))
    }
  }

  /** The key was invalidated. A load that has not begun will find what is new. */
  detach(): void {
    if (this.#begun) this.detached = true
  }

  /** It was detached by what leaves its claim standing: nobody need wait for it. */
  letGo(): void {
    const claim = this.detached ? this.#claim : undefined
    if (claim !== undefined)
      this.#engine.background.add(
        this.key,
        claim.release().catch(() => {}),
      )
  }

  /** Rejects everyone who waits and tells the loader to stop. */
  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  async claim(
    ttl: Milliseconds = this.#engine.claimTtl,
  ): Promise<Claim | 'held' | 'present' | 'unavailable'> {
    const { tier, store } = this.#engine
    const { member } = this.#plan
    if (store.kind === 'remote' && store.storesLoads === false) {
      member?.decided()
      return 'unavailable'
    }
    const { framed } = this.#plan.settings.view.format.codec
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#claimable) this.tags.ask(this.#tagged)
      const now = this.clock.monotonic()
      const request = { holder: this.#holder, ttl, forced: this.reason === 'forced', framed, now }
      const acquire = () => acquireClaim(tier, this.#address, this.#slot, request)
      const answer = await (member === undefined ? acquire() : member.inTurn(acquire))
      if (answer === 'held') break
      if (typeof answer === 'object') return this.#taken(answer)
      if (answer === 'failed') this.#unanswered = true
      if (answer === 'unavailable' || answer === 'failed') return 'unavailable'
      // Perhaps a value has just arrived; perhaps the claim that was in the way is gone.
      if ((await this.recheck()) !== undefined) return 'present'
    }
    member?.decided()
    return (await this.#rideAlong()) ? 'present' : 'held'
  }

  async recheck(): Promise<Entry<unknown> | undefined> {
    while (this.look !== undefined) await this.look
    const arrived = this.#arrived()
    if (arrived !== undefined) return arrived
    const reading = this.#engine.tier.read(this.#address, this.#plan.settings.view)
    if (isPending(reading)) {
      const look = Promise.resolve(reading)
      this.look = look
      this.#slot = await look
      this.look = undefined
    } else {
      this.#slot = reading
    }
    const found = this.#arrived()
    if (found !== undefined) this.#settled = true
    return found
  }

  load(claim?: Claim): Promise<Entry<unknown>> {
    this.#loaded = this.#load(claim)
    this.#tellBegun()
    return this.#loaded
  }

  background(work: Promise<unknown>): void {
    const done = () => void this.#background.delete(work)
    this.#background.add(work)
    work.then(done, done)
    this.#engine.background.add(this.key, work)
  }

  emit(event: CacheEvent): void {
    this.#engine.events.emit(event)
  }

  async #load(claim?: Claim): Promise<Entry<unknown>> {
    this.#claim = claim
    if (claim === this.#unused) this.#unused = undefined
    const previous = this.#first.kind === 'value' ? this.#first.entry.value : undefined
    try {
      const asked = claim && this.tags.before(this.#tagged)
      const tags = asked instanceof Promise ? await asked : asked
      this.tags.begin(tags)
      this.#begun = true
      this.#abort.throwIfAborted()
      return await loadAndStore(this.#engine, this.#plan, {
        address: this.#address,
        reason: this.reason,
        claim,
        abort: this.#abort,
        previous,
        background: this.inBackground,
        unreachable: this.#unanswered || this.#slot.kind === 'unreachable',
        since: this.#engine.copies?.since(),
        tags,
        detached: () => this.detached,
        joined: () => this.tags.settle(),
        overtaken: () => {
          this.tags.overtaken = true
        },
      })
    } catch (error) {
      await this.#giveUp(claim)
      throw error
    }
  }

  /** Keeps a claim for a load; one that comes when the flight is over is of no use. */
  async #taken(claim: Claim): Promise<Claim> {
    this.#unused = claim
    if (!this.#over && !this.#abort.aborted) return claim
    await this.#giveUp(claim)
    throw this.#abort.reason ?? new DOMException('The flight is over', 'AbortError')
  }

  /** Shares the flight of this process that holds the claim, where there is one. */
  async #rideAlong(): Promise<boolean> {
    if (this.#claimant() === undefined) return false
    // Who is aboard by now is served by the evidence of another look; nobody else comes aboard.
    this.#settled = true
    if ((await this.recheck()) !== undefined) return true
    const other = this.#claimant()
    if (other === undefined) {
      this.#settled = false
      return false
    }
    const leave = other.board()
    const late = other.begun
    try {
      const rode = await abortable(other.sharedWith(this.#slot, true), this.#abort)
      if (late && other.tags.overtaken) {
        this.#settled = false
        return false
      }
      this.#rode = rode
      return true
    } finally {
      leave()
    }
  }

  /** Whether the latest look has left anything to claim. */
  get #claimable(): boolean {
    const { kind } = this.#slot
    return kind !== 'unreachable' && kind !== 'blocked' && kind !== 'newer' && !this.held
  }

  /** The latest look that has told something of tags. */
  get #tagged(): Slot {
    return this.#slot.tags === undefined ? this.#first : this.#slot
  }

  #claimant(): RunningFlight | undefined {
    const { guard, flights } = this.#engine
    if (guard?.joins !== true || !this.held) return undefined
    const { view } = this.#plan.settings
    const boarding = { engine: this.#engine, slot: this.#slot, reason: this.reason, view }
    const other = flights.holding(this.#address.at, boarding)
    return other === this ? undefined : other
  }

  /** A fresh value that the last look found and that this flight was not to replace. */
  #arrived(): Entry<unknown> | undefined {
    if (this.#rode !== undefined) return this.#rode
    const slot = this.#slot
    // Who forces a load wants none that somebody began before.
    if (this.reason === 'forced') return undefined
    if (slot.kind !== 'value' || this.clock.now() >= slot.entry.staleAt) return undefined
    return sameSlot(this.#first, slot) ? undefined : slot.entry
  }

  /** Lets others have the claim. Once the flight was aborted nobody waits here, but `close` does. */
  async #giveUp(claim: Claim | undefined): Promise<void> {
    // A failure has been told as an event; the claim then expires.
    const released = claim?.release().catch(() => {})
    if (released === undefined) return
    this.#engine.background.add(this.key, released)
    await released
  }

  async #run(): Promise<Entry<unknown>> {
    const { guard } = this.#engine
    // The flight is registered by whoever made it before anything of it runs.
    await undefined
    try {
      const running = guard === undefined ? claimLoadCommit(this) : guard.run(this, claimLoadCommit)
      const entry: unknown = await abortable(running, this.#abort)
      if (typeof entry === 'object' && entry !== null) return entry as Entry<unknown>
      throw new CacheError(
        'ERR_CACHE_OPTION',
        `run of the guard ${guard?.name} must resolve to what the flight or the next guard gave it; received ${quote(entry)}`,
      )
    } finally {
      this.#answered = true
    }
  }

  async #end(cancelTimeout: () => void): Promise<void> {
    await this.outcome.catch(() => {})
    while (this.#background.size > 0) await Promise.allSettled(this.#background)
    this.#over = true
    cancelTimeout()
    this.#engine.running.delete(this)
    this.#plan.member?.decided()
    // A guard may have claimed and then decided, or been told, not to load.
    await this.#giveUp(this.#unused)
  }
}
