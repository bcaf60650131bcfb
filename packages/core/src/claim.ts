import type { Clock } from './clock.js'
import type { Milliseconds } from './duration.js'
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
    footing: Footing,
    version: Version | undefined,
    giveUp?: GiveUp,
  ) {
    this.#tier = tier
    this.#address = address
    this.#holder = holder
    this.#footing = footing
    this.#version = version
    this.#giveUp = giveUp
  }

  /** Whether readers see our marker at the key. @internal */
  get marked(): boolean {
    return this.#footing === 'marker'
  }

  /** Keeps a marker alive for a load that takes longer than `ttl`, until the claim ends. @internal */
  keepAlive(clock: Clock, ttl: Milliseconds): void {
    if (this.#footing !== 'marker') return
    this.#cancelTimer = clock.timer(ttl / 2, () => {
      this.#renewal = this.#renew(ttl).then(held => {
        this.#renewal = undefined
        // `#cancelTimer` is gone once the claim is being settled.
        if (held && this.#cancelTimer !== undefined) this.keepAlive(clock, ttl)
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

  /** After a load whose result is not to be stored: what it was to replace goes as well. @internal */
  async discard(): Promise<void> {
    await this.#settle()
    if (this.#version === undefined) return
    const { at } = this.#address
    if (this.#footing === 'base') await this.#tier.delete(at, this.#version)
    if (this.#footing !== 'marker') return
    const open = this.#tier.packMarker(this.#address, this.#holder, true)
    await this.#tier.replace(at, open, OPEN_MARKER_TTL, this.#version)
  }

  async #renew(ttl: Milliseconds): Promise<boolean> {
    if (this.#version === undefined) return false
    const marker = this.#tier.packMarker(this.#address, this.#holder, false)
    try {
      this.#version = await this.#tier.replace(this.#address.at, marker, ttl, this.#version)
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
