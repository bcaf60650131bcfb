import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { randomId } from '../random-bits.js'
import type { Slot } from '../tiers/slot.js'
import type { Version } from '../tiers/store.js'
import type { Address, Tier, View } from '../tiers/tier.js'
import { Claim } from './claim.js'

/** The right to store what the application writes, once it is written. */
export interface WriteClaim {
  readonly claim: Claim
  /** What was found at the key before. */
  readonly found: Slot
  /** Somebody else's write was under way, and nobody knows which of the two comes last. */
  readonly contended: boolean
}

/** How often to look again when others change the key between the look and the claim. */
const ATTEMPTS = 5

/**
 * Puts a marker over whatever stands at a key, so that nobody reads or stores it while it is being written.
 *
 * `undefined` where that can't be had: the store does not answer, holds a value of a newer version, or changes all the
 * time. Values without a frame know no markers; the claim then rests on what was found.
 *
 * @throws CacheError where the store fails.
 */
export async function claimForWrite(
  tier: Tier,
  address: Address,
  view: View,
  clock: Clock,
  ttl: Milliseconds,
): Promise<WriteClaim | undefined> {
  const { at } = address
  const holder = randomId()
  const markable = view.format.codec.framed || tier.name === 'local'
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const now = clock.monotonic()
    const found = await tier.read(address, view)
    const over = 'version' in found ? found.version : undefined
    if (over === undefined && found.kind !== 'empty') return undefined
    const contended = found.kind === 'marker' && found.forWrite
    const on = (footing: 'marker' | 'base' | 'absent', version: Version | undefined): WriteClaim => {
      const init = { holder, ttl, now, footing, version, base: undefined, kind: 'write' } as const
      const claim = new Claim(tier, address, init)
      return { claim, found, contended }
    }
    if (!markable) return on(over === undefined ? 'absent' : 'base', over)
    const marker = tier.packMarker(address, holder, 'write')
    const version = await (over === undefined
      ? tier.add(at, marker, ttl)
      : tier.replace(at, marker, ttl, over))
    if (version !== undefined) return on('marker', version)
  }
  return undefined
}
