import { atMost } from '../at-most.js'
import type { Engine } from '../engine.js'
import type { KeySpace } from '../keys/key.js'
import type { TagAddress } from '../tags/tag-load.js'
import { CALLS_AT_ONCE } from '../tiers/store-calls.js'
import type { Address } from '../tiers/tier.js'

export type InvalidationKind = 'delete' | 'expire'

// How each kind of invalidation reaches the store, and then the other processes. Each rejects with a `CacheError`
// where the store did not take it. Flights are detached before and after: one that began while the store was being
// told may have read the old value.

export async function deliverKeys(
  engine: Engine,
  kind: InvalidationKind,
  addresses: readonly Address[],
): Promise<void> {
  const { tier, flights, claimTtl, told } = engine
  const detach = () => {
    for (const { at } of addresses) flights.detach(at)
  }
  detach()
  try {
    if (kind === 'expire') await atMost(CALLS_AT_ONCE, addresses, one => tier.expire(one, claimTtl))
    else await tier.drop(addresses)
  } finally {
    detach()
  }
  await told.keys(addresses.map(({ at }) => at))
}

export async function deliverTags(engine: Engine, kind: InvalidationKind, tags: TagAddress): Promise<void> {
  const { tier, flights, told } = engine
  const { space, names } = tags
  flights.detachTagged(space, names)
  try {
    await tier.tags.invalidate(kind, tags)
  } finally {
    flights.detachTagged(space, names)
  }
  flights.letGoTagged(space, names)
  await told.tags(kind, space, names)
}

export async function deliverClear({ tier, flights, told }: Engine, space: KeySpace): Promise<void> {
  const prefix = tier.clearPrefix(space)
  flights.detachUnder(prefix)
  try {
    await tier.clear(space)
  } finally {
    flights.detachUnder(prefix)
  }
  flights.letGoUnder(prefix)
  await told.clear(space)
}
