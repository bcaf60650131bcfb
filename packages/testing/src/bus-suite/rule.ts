import type { ChangeBus, InvalidationBus, Milliseconds } from '@lookaside/core'
import type { ChangingClient } from '../bus-suite-options.js'

/** What a rule may use: every bus that it opens is closed for it, every topic is its own. */
export interface BusRuleContext<B extends InvalidationBus = InvalidationBus> {
  readonly kind: B['kind']
  /** Opens a bus for another process; the same one where all share one. */
  connect(): Promise<B>
  /** A channel, or a prefix that no other begins with; the same one for the same name. */
  topic(name?: string): string
  /** Causes something new for those who listen to a topic; resolves to how a recording calls it. */
  signal(topic: string): Promise<string>
  /** Fails unless `condition` holds before the deadline. */
  until(condition: () => boolean, expected: string): Promise<void>
  /** Fails unless `work` settles before the deadline; settles as it does. */
  within<T>(work: Promise<T>, what: string): Promise<T>
}

/** What a rule about changes may use too. */
export interface ChangeRuleContext extends BusRuleContext<ChangeBus> {
  /** A client of the server that has nothing to do with the buses. */
  readonly client: ChangingClient
  /** Lets `ms` pass for the server. */
  pass(ms: Milliseconds): Promise<void>
  /** Counts the time that has passed for the server. */
  elapsed(): Milliseconds
}

/** Rules of one concept: what a bus must do, as a sentence, and what shows that it does. */
export type BusRules<C = BusRuleContext> = Readonly<Record<string, (context: C) => Promise<void>>>

/** Long enough for any rule, short enough that a shared server forgets what the suite leaves behind. */
export const LONG: Milliseconds = 60_000

/** For rules to which the bytes mean nothing. */
export const VALUE = Uint8Array.from(Buffer.from('value'))
