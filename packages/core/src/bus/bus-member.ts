import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { Events } from '../events.js'
import type { InvalidationKind } from '../invalidation/deliver.js'
import type { KeySpace } from '../keys/key.js'
import type { LocalCopies } from '../tiers/local-copies.js'
import type { InvalidationBus } from './bus.js'
import { ChangeMember } from './bus-changes.js'
import { MessageMember } from './bus-messages.js'

/** What a member of a bus may have to give up; all of it, and more, is what local copies are. */
type Held = Pick<LocalCopies, 'trust' | 'dropAll' | 'dropWire' | 'dropTagAt' | 'dropPath'>

/** A cache's part in a bus: it tells the others what it has invalidated, and drops what they have. */
export interface BusMember {
  tellKeys(ats: readonly string[]): Promise<void>
  tellTags(kind: InvalidationKind, tokens: readonly string[]): Promise<void>
  tellClear(space: KeySpace): Promise<void>
  /** Takes its leave; the bus itself stays open. */
  leave(): Promise<void>
}

/** What joining a bus takes. */
export interface BusMemberContext {
  readonly root: KeySpace
  /** A cache without a local tier has nothing to give up: it only tells. */
  readonly copies: Held | undefined
  readonly clock: Clock
  readonly events: Events
  /** How long telling the others may take. */
  readonly timeout: Milliseconds
  /** Changes a key of no meaning in the remote store; rejects where that fails. */
  readonly probe: (at: string) => Promise<void>
  /** Another process has changed the value at this wire key. */
  readonly changed: (at: string) => void
}

/** What a member of a bus works with. */
export interface HoldingContext extends BusMemberContext {
  readonly copies: Held
}

/** `undefined` for a cache that has nothing to hear and nothing to tell: the server tells of its changes. */
export function joinBus(bus: InvalidationBus, context: BusMemberContext): BusMember | undefined {
  const { copies } = context
  if (bus.kind === 'messages') return new MessageMember(bus, { ...context, copies: copies ?? NOTHING })
  return copies && new ChangeMember(bus, { ...context, copies })
}

const NOTHING: Held = { trust() {}, dropAll() {}, dropWire() {}, dropTagAt() {}, dropPath() {} }
