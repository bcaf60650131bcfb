import type { Milliseconds, RemoteStore } from '@lookaside/core'

/** What a rule may use: everything it opens is closed for it, everything it stores is under a prefix of its own. */
export interface RuleContext {
  /** Opens another connection to the shared data. */
  connect(): Promise<RemoteStore>
  /** A key that no other rule uses; the same one for the same name. */
  key(name?: string): string
  /** Lets `ms` pass for the store. */
  pass(ms: Milliseconds): Promise<void>
  /** Counts the time that has passed for the store. */
  elapsed(): Milliseconds
}

/** Rules of one concept: what a store must do, as a sentence, and what shows that it does. */
export type Rules = Readonly<Record<string, (context: RuleContext) => Promise<void>>>

/** Long enough for any rule, short enough that a shared server forgets what the suite leaves behind. */
export const LONG: Milliseconds = 60_000
