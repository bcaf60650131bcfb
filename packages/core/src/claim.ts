import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
import { isCacheError } from './errors.js'
import type { Slot } from './slot.js'
import type { Version } from './store.js'
import type { Address, GiveUp, Packed, Tier } from './tier.js'

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
}

/**
 * Claims a key in the state that `slot` found it in.
 *
 * `lost`: it has changed since, look again. `held`: somebody else has it. `unavailable`: there is nothing to claim.
 */
export async function acquireClaim(
  tier: Tier,
  address: Address,
  slot: Slot,
  { holder, ttl, forced, framed }: ClaimRequest,
): Promise<Claim | 'held' | 'unavailable' | 'lost'> {
  const on = (footing: Footing, version?: Version, giveUp?: GiveUp) =>
    new Claim(tier, address, holder, ttl, footing, version, giveUp)

  /** Puts a marker over what was found, or where nothing was. */
  async function mark(found?: Version): Promise<Claim | 'lost'> {
    if (!framed && tier.name === 'remote') return found === undefined ? on('absent') : on('base', found)
    const marker = tier.packMarker(address, holder, false)
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
        if (forced) return on('base', slot.version)
        const giveUp = await tier.elect(address, slot.id(), holder, ttl)
        return giveUp === undefined ? 'held' : on('base', slot.version, giveUp)
      }
      case 'newer':
      case 'unreachable':
        return 'unavailable'
    }
  } catch (error) {
    // The store's failure has been reported; the load goes on without it.
    if (isCacheError(error)) return 'unavailable'
    throw error
  }
}

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
  readonly #footing: Footing
  readonly #giveUp: GiveUp | undefined
  #version: Version | undefined
  #cancelTimer: (() => void) | undefined
  #renewal: Promise<void> | undefined

  /** @internal */
  constructor(
    tier: Tier,
    address: Address,
    holder: string,
    ttl: Milliseconds,
    footing: Footing,
    version: Version | undefined,
    giveUp?: GiveUp,
  ) {
    this.#tier = tier
    this.#address = address
    this.#holder = holder
    this.#ttl = ttl
    this.#footing = footing
    this.#version = version
    this.#giveUp = giveUp
  }

  /** Whether readers see our marker at the key. @internal */
  get marked(): boolean {
    return this.#footing === 'marker'
  }

  /** Keeps a marker alive for a load that takes longer than its ttl, until the claim ends. @internal */
  keepAlive(clock: Clock): void {
    if (this.#footing !== 'marker') return
    this.#cancelTimer = clock.timer(this.#ttl / 2, () => {
      this.#renewal = this.#renew().then(held => {
        this.#renewal = undefined
        // `#cancelTimer` is gone once the claim is being settled.
        if (held && this.#cancelTimer !== undefined) this.keepAlive(clock)
      })
    })
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
    await this.#giveUp?.()
  }

  /** After a load whose result is not to be stored: what it was to replace goes as well; `false` says that it was gone. @internal */
  async discard(): Promise<boolean> {
    await this.#settle()
    if (this.#version === undefined) return false
    const { at } = this.#address
    if (this.#footing === 'base') return this.#tier.delete(at, this.#version)
    if (this.#footing !== 'marker') return false
    const open = this.#tier.packMarker(this.#address, this.#holder, true)
    return (await this.#tier.replace(at, open, OPEN_MARKER_TTL, this.#version)) !== undefined
  }

  async #renew(): Promise<boolean> {
    if (this.#version === undefined) return false
    const marker = this.#tier.packMarker(this.#address, this.#holder, false)
    try {
      this.#version = await this.#tier.replace(this.#address.at, marker, this.#ttl, this.#version)
      return this.#version !== undefined
    } catch {
      // Reported. The marker may outlast the outage, so the next turn tries again.
      return true
    }
  }

  /** Ends the renewals; waits for one that is under way, since it changes the version. */
  async #settle(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    await this.#renewal
  }
}
