import type { ChangeListener, InvalidationBus, MessageListener } from '@lookaside/core'
import type { MemoryRemoteServer } from '@lookaside/testing'

/** Fit for a bus of either kind, as the listeners of the suite are. */
export type AnyListener = MessageListener & ChangeListener

/** What both kinds of bus have, for breakages that don't care which it is. */
export interface AnyBus {
  readonly kind: InvalidationBus['kind']
  readonly name: string
  listen(topic: string, listener: AnyListener): () => void
  close(): Promise<void>
}

/** What the buses of one rule share. */
export interface World {
  readonly server: MemoryRemoteServer
  /** All buses that were opened, as they are before they are broken. */
  readonly opened: readonly InvalidationBus[]
  /** Keys that the process of a bus has changed itself. */
  readonly own: Set<string>
  readonly evicted: Set<string>
  isCut(): boolean
}

/** A bus that breaks a rule on purpose. */
export interface BrokenBus<B = AnyBus> {
  /** The title of a rule that must notice. */
  readonly rule: string
  /** What is wrong with the bus. */
  readonly because: string
  /** Gives other operations in place of those of a bus. */
  breakage(bus: B, world: World): Partial<B>
}

export function broken<B = AnyBus>(
  rule: string,
  because: string,
  breakage: BrokenBus<B>['breakage'],
): BrokenBus<B> {
  return { rule, because, breakage }
}

/** Puts something between a bus and each of its listeners. */
export function tapped<B extends InvalidationBus | AnyBus>(
  bus: B,
  tap: (listener: AnyListener, topic: string) => Partial<AnyListener>,
): Pick<AnyBus, 'listen'> {
  return {
    listen: (topic, listener) => (bus as AnyBus).listen(topic, { ...listener, ...tap(listener, topic) }),
  }
}

/** Lets everything that is heard pass through `through`, which may keep it to itself. */
export function hearing(
  listener: AnyListener,
  through: (pass: () => void) => void,
): Pick<AnyListener, 'message' | 'changed'> {
  return {
    message: bytes => through(() => listener.message(bytes)),
    changed: keys => through(() => listener.changed(keys)),
  }
}
