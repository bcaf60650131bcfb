import type { ChangeBus, InvalidationBus } from './bus.js'
import { MessageMember } from './bus-messages.js'
import type { Clock } from './clock.js'
import type { InvalidationKind } from './deliver.js'
import type { Milliseconds } from './duration.js'
import type { Events } from './events.js'
import type { KeySpace } from './key.js'
import type { LocalCopies } from './local-copies.js'

/** A cache's part in a bus: it tells the others what it has invalidated, and drops what they have. */
export interface BusMember {
  tellKeys(ats: readonly string[]): Promise<void>
  tellTags(kind: InvalidationKind, tokens: readonly string[]): Promise<void>
  tellClear(space: KeySpace): Promise<void>
  /** Takes its leave; the bus itself stays open. */
  leave(): Promise<void>
}

/** What a member of a bus is given. */
export interface BusMemberContext {
  readonly root: KeySpace
  readonly copies: LocalCopies
  readonly clock: Clock
  readonly events: Events
  /** How long telling the others may take. */
  readonly timeout: Milliseconds
  /** Another process has changed the value at this wire key. */
  readonly changed: (at: string) => void
}

export function joinBus(bus: InvalidationBus, context: BusMemberContext): BusMember {
  return bus.kind === 'messages' ? new MessageMember(bus, context) : changeMember(bus, context)
}

/** Where the server tells of every change there is nothing to tell. */
function changeMember(bus: ChangeBus, { root, copies, events }: BusMemberContext): BusMember {
  const stop = bus.listen(root.path === '' ? '' : `${root.path}:`, {
    up() {
      copies.dropAll('bus-up')
      copies.trust(true)
      if (events.active) events.emit({ type: 'bus', bus: bus.name, state: 'up' })
    },
    down(cause) {
      copies.trust(false)
      copies.dropAll('bus-down')
      if (events.active) events.emit({ type: 'bus', bus: bus.name, state: 'down', cause })
    },
    flushed: () => copies.dropAll('flushed'),
    changed(keys) {
      for (const at of keys) {
        copies.dropWire(at)
        // Which half of its token has changed the next read tells.
        if (at.includes(TOKEN_MARK)) copies.dropTagAt('delete', at)
      }
    },
  })
  const nothing = async () => {}
  return {
    tellKeys: nothing,
    tellTags: nothing,
    tellClear: nothing,
    async leave() {
      stop()
      copies.trust(false)
      copies.dropAll('bus-down')
    },
  }
}

const TOKEN_MARK = ':#tag:'
