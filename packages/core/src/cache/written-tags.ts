import type { Engine } from '../engine.js'
import { keptFor, type Lifetime } from '../loading/lifetime.js'
import type { Tagged } from '../tags/token.js'
import type { Slot } from '../tiers/slot.js'
import type { Address, View } from '../tiers/tier.js'

/** A value that is going to be written, as far as its tags are concerned. */
interface Tagging {
  readonly address: Address
  readonly view: View
  readonly names: readonly string[]
  readonly lifetime: Lifetime
  /** What a lookup has found that the write is conditional on. */
  readonly over: Slot | undefined
}

/** The tags of a write with their tokens now, or as the lookup found them; `undefined` where they can't be had. */
export async function tagsToWrite(
  { tier, clock, claimTtl }: Engine,
  { address, view, names, lifetime, over }: Tagging,
): Promise<readonly Tagged[] | undefined> {
  const kept = keptFor(lifetime, view, clock.now(), claimTtl)
  const { framed } = view.format.codec
  const before = await tier.tags.before(
    address,
    { named: names, computed: false, framed, lifetime: kept },
    over,
  )
  const tagged = await tier.tags.after(before, names, kept)
  return typeof tagged === 'string' ? undefined : tagged
}
