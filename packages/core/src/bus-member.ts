import type { InvalidationBus } from './bus.js'
import { ChangeMember } from './bus-changes.js'
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
  /** Changes a key of no meaning in the remote store; rejects where that fails. */
  readonly probe: (at: string) => Promise<void>
  /** Another process has changed the value at this wire key. */
  readonly changed: (at: string) => void
}

export function joinBus(bus: InvalidationBus, context: BusMemberContext): BusMember {
  return bus.kind === 'messages' ? new MessageMember(bus, context) : new ChangeMember(bus, context)
}
