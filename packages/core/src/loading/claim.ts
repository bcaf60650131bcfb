import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import { isCacheError } from '../errors.js'
import type { Slot } from '../tiers/slot.js'
import type { Version } from '../tiers/store.js'
import type { Address, Election, Packed, Tier } from '../tiers/tier.js'

/**
 * What the claim rests on.
 *
 * - `marker`: our bytes hold the key's place; renewed while the load lasts.
 * - `base`: the value that was read; it stays readable while it is being refreshed.
 * - `open`: the open marker that was read; whoever commits first wins.
 * - `absent`: nothing, for values without frames, which know no markers.
 */
type Footing = 'marker' | 'base' | 'open' | 'absent'

/** What a flight wants to claim. */
interface ClaimRequest {
  /** The id of the flight, by which readers recognise its marker. */
  readonly holder: string
  readonly ttl: Milliseconds
  /** Whoever forces a load does not want the result of one that has begun before. */
  readonly forced: boolean
  /** Whether values have frames; without them there are no markers. */
  readonly framed: boolean
  /** When the claim is asked for, by `Clock.monotonic()`: from then on its ttl counts. */
  readonly now: Milliseconds
}

/**
 * Claims a key in the state that `slot` found it in.
 *
 * `lost`: it has changed since, look again. `held`: somebody else has it. `unavailable`: there is nothing to claim.
 * `failed`: the store did not answer.
 */
export async function acquireClaim(
  tier: Tier,
  address: Address,
  slot: Slot,
  { holder, ttl, forced, framed, now }: ClaimRequest,
): Promise<Claim | 'held' | 'unavailable' | 'failed' | 'lost'> {
  const on = (footing: Footing, version?: Version, base?: Base) =>
    new Claim(tier, address, { holder, ttl, now, footing, version, base, kind: 'load' })
  const markable = framed || tier.name === 'local'

  /** Puts a marker over what was found, or where nothing was. */
  async function mark(found?: Version): Promise<Claim | 'lost'> {
    if (!markable) return found === undefined ? on('absent') : on('base', found)
    const marker = tier.packMarker(address, holder, 'load')
    const { at } = address
    const version = await (found === undefined
      ? tier.add(at, marker, ttl)
      : tier.replace(at, marker, ttl, found))
    return version === undefined ? 'lost' : on('marker', version)
  }

  try {
    switch (slot.kind) {
      case 'empty':
        return await mark()
      case 'unusable':
        return await mark(slot.version)
      case 'marker':
        return forced ? await mark(slot.version) : 'held'
      case 'open':
        return on('open', slot.version)
      case 'value': {
        const deadAt = markable ? slot.entry.deleteAt : Number.POSITIVE_INFINITY
        if (forced) return on('base', slot.version, { deadAt, election: undefined })
        const election = await tier.elect(address, slot.identity.bits, holder, ttl)
        return election === undefined ? 'held' : on('base', slot.version, { deadAt, election })
      }
      case 'newer':
      case 'unreachable':
      case 'blocked':
        return 'unavailable'
    }
  } catch (error) {
    // The store's failure has been reported; the load goes on without it.
    if (isCacheError(error)) return 'failed'
    throw error
  }
}

/** A value that is to be replaced. */
interface Base {
  /** When it dies; a marker takes its place by then, so that nobody else claims what is being loaded. */
  readonly deadAt: EpochMs
  /** Keeps others from refreshing it too. */
  readonly election: Election | undefined
}

const NO_BASE: Base = { deadAt: Number.POSITIVE_INFINITY, election: undefined }

/** What a claim is made of. */
interface ClaimInit extends Pick<ClaimRequest, 'holder' | 'ttl' | 'now'> {
  readonly footing: Footing
  readonly version: Version | undefined
  readonly base: Base | undefined
  /** What its marker says that it is for. */
  readonly kind: 'load' | 'write'
}

/** How long before a value's death a marker takes its place: others must not find it dead first. */
const TAKE_OVER_AHEAD: Milliseconds = 10

/** How long an open marker lets loads run side by side. */
const OPEN_MARKER_TTL: Milliseconds = 1_000

/**
 * The right to store one load's result: the version of the bytes at the key when the load began.
 *
 * Whatever changes those bytes voids it, a delete from any program in any language too. It ends with one of
 * `commit`, `release` or `discard`.
 */
export class Claim {
  readonly #tier: Tier
  readonly #address: Address
  readonly #holder: string
  readonly #ttl: Milliseconds
  readonly #since: Milliseconds
  readonly #base: Base | undefined
  readonly #kind: 'load' | 'write'
  #footing: Footing
  #version: Version | undefined
  #cancelTimer: (() => void) | undefined
  #renewal: Promise<void> | undefined

  /** @internal */
  constructor(tier: Tier, address: Address, init: ClaimInit) {
    this.#tier = tier
    this.#address = address
    this.#holder = init.holder
    this.#ttl = init.ttl
    this.#since = init.now
    this.#footing = init.footing
    this.#version = init.version
    this.#base = init.base
    this.#kind = init.kind
  }

  /** Whether readers see our marker at the key. @internal */
  get marked(): boolean {
    return this.#footing === 'marker'
  }

  /** Holds the claim for a load that takes longer than its ttl, or than what it refreshes lives. @internal */
  keepAlive(clock: Clock): void {
    // The answer may have come late.
    this.#keep(clock, 0, clock.monotonic() - this.#since)
  }

  /** Stores what was loaded over the very bytes that were claimed; `false` says that they have changed. @internal */
  async commit(packed: Packed, ttl: Milliseconds): Promise<boolean> {
    await this.#settle()
    const { at } = this.#address
    if (this.#footing === 'absent') return (await this.#tier.add(at, packed, ttl)) !== undefined
    if (this.#version === undefined) return false
    return (await this.#tier.replace(at, packed, ttl, this.#version)) !== undefined
  }

  /** After a failed load: takes the marker away, or lets somebody else refresh. @internal */
  async release(): Promise<void> {
    await this.#settle()
    if (this.#footing === 'marker' && this.#version !== undefined) {
      await this.#tier.delete(this.#address.at, this.#version)
    }
    await this.#base?.election?.giveUp()
  }

  /** After a load whose result is not to be stored: what it was to replace goes as well; `false` says that it was gone. @internal */
  async discard(): Promise<boolean> {
    await this.#settle()
    if (this.#version === undefined) return false
    const { at } = this.#address
    if (this.#footing === 'base') return this.#tier.delete(at, this.#version)
    if (this.#footing !== 'marker') return false
    const open = this.#tier.packMarker(this.#address, this.#holder, 'open')
    return (await this.#tier.replace(at, open, OPEN_MARKER_TTL, this.#version)) !== undefined
  }

  /** Nobody keeps it alive any more: it expires, unless it ends before. @internal */
  async rest(): Promise<void> {
    await this.#settle()
  }

  #keep(clock: Clock, notBefore: Milliseconds, elapsed: Milliseconds): void {
    const { deadAt, election } = this.#base ?? NO_BASE
    const marked = this.marked
    const renewal =
      marked || election !== undefined ? Math.max(0, this.#ttl / 2 - elapsed) : Number.POSITIVE_INFINITY
    const takeOver =
      this.#footing === 'base' ? deadAt - TAKE_OVER_AHEAD - clock.now() : Number.POSITIVE_INFINITY
    const wait = Math.max(notBefore, Math.min(renewal, takeOver))
    if (wait === Number.POSITIVE_INFINITY) return
    const hold = () => (marked || takeOver <= wait ? this.#putMarker() : election?.renew())
    this.#cancelTimer = clock.timer(wait, () => {
      this.#renewal = this.#turn(clock, hold)
    })
  }

  async #turn(clock: Clock, hold: () => Promise<void> | undefined): Promise<void> {
    let failed = false
    try {
      await hold()
    } catch {
      // Reported. What is claimed may outlast the outage, so another turn tries again.
      failed = true
    }
    this.#renewal = undefined
    // `#cancelTimer` is gone once the claim is being settled.
    if (this.#version === undefined || this.#cancelTimer === undefined) return
    this.#keep(clock, failed ? this.#ttl / 2 : 0, 0)
  }

  /** Puts our marker, or puts it again, where the claimed bytes are. */
  async #putMarker(): Promise<void> {
    if (this.#version === undefined) return
    const marker = this.#tier.packMarker(this.#address, this.#holder, this.#kind)
    this.#version = await this.#tier.replace(this.#address.at, marker, this.#ttl, this.#version)
    // What stands there instead of a marker that was never put may be older than this claim.
    if (this.#version !== undefined) this.#footing = 'marker'
  }

  /** Ends the renewals; waits for one that is under way, since it changes the version. */
  async #settle(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    await this.#renewal
  }
}
