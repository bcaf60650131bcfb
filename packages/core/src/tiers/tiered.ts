import { NO_TAGS } from '../tags/tag-names.js'
import type { LocalCopies, Since } from './local-copies.js'
import { isPending, type Slot } from './slot.js'
import type { Address, Tier, View } from './tier.js'

/**
 * A remote tier behind a local one: what it brings is kept there, what is invalidated is dropped there first.
 *
 * The remote tier decides: claims, commits and versions are its own. Invalidations drop the copy before they reach
 * the remote tier and after, since between the two the old value may have been read once more.
 */
export function tieredTier(remote: Tier, copies: LocalCopies): Tier {
  function promoted(address: Address, view: View, slot: Slot, since: Since): Slot {
    if (slot.kind === 'value') {
      const { entry, checkable } = slot
      copies.promote(address, { entry, tags: slot.tags?.found ?? NO_TAGS, checkable }, view, since)
    }
    return slot
  }

  async function around<T>(drop: () => void, change: () => Promise<T>): Promise<T> {
    drop()
    try {
      return await change()
    } finally {
      drop()
    }
  }

  return {
    ...remote,
    read(address, view) {
      const since = copies.since()
      const slot = remote.read(address, view)
      return isPending(slot)
        ? slot.then(found => promoted(address, view, found, since))
        : promoted(address, view, slot, since)
    },
    async readMany(addresses, view) {
      const since = copies.since()
      const slots = await remote.readMany(addresses, view)
      return slots.map((slot, index) => promoted(addresses[index] as Address, view, slot, since))
    },
    tags: {
      before: (address, plan, slot) => remote.tags.before(address, plan, slot),
      after: (before, names, lifetime) => remote.tags.after(before, names, lifetime),
      areCurrent: (address, tagged) => remote.tags.areCurrent(address, tagged),
      invalidate: (kind, tags) =>
        around(
          () => copies.dropTags(kind, tags.space, tags.names),
          () => remote.tags.invalidate(kind, tags),
        ),
    },
    drop: addresses =>
      around(
        () => copies.dropKeys(addresses),
        () => remote.drop(addresses),
      ),
    expire: (address, linger) =>
      around(
        () => copies.drop(address),
        () => remote.expire(address, linger),
      ),
    increment: (address, by, options) =>
      around(
        () => copies.drop(address),
        () => remote.increment(address, by, options),
      ),
    // What a load or a conditional write was to replace, and has not.
    delete: (at, version) =>
      around(
        () => copies.dropWire(at),
        () => remote.delete(at, version),
      ),
    set(address, packed, ttl) {
      // Afterwards the copy is replaced, by whoever knows what was stored.
      copies.drop(address)
      return remote.set(address, packed, ttl)
    },
    clear: space =>
      around(
        () => copies.dropUnder(space),
        () => remote.clear(space),
      ),
  }
}
