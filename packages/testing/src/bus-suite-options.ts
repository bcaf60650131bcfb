import type { ChangeBus, MessageBus, Milliseconds } from '@lookaside/core'

/** What a conformance suite needs for a bus of either kind. */
interface AnyBusSuiteOptions {
  /**
   * The runner's test function: vitest's `test`, node:test's `test`, Mocha's `it`.
   *
   * Allow each test a few times the `deadline`. The rules don't disturb each other and may run side by side
   * (vitest's `test.concurrent`), unless `advance`, `cuts` or a client's `flush` or `evict` is given.
   */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /**
   * How long a rule waits for what must come, such as a message, or `down()` after a cut. More than a bus takes to
   * notice that its connection is frozen. A bus that keeps the contract is not slowed down by it.
   * @default 5_000
   */
  readonly deadline?: Milliseconds
  /**
   * Ways to cut the connections of all buses, by name: each adds the rules about `down()`, `up()` and what is missed
   * in between.
   * @default {}
   */
  readonly cuts?: Readonly<Record<string, BusCut>>
}

/** A way to cut buses off from their server. */
export interface BusCut {
  /**
   * Cuts off every bus that the suite has opened, and where the cut lasts, those that it opens meanwhile.
   *
   * It may be over at once, as it is when connections are killed and opened again.
   */
  cut(): unknown
  /** Ends the cut. Also called when there is none. */
  restore(): unknown
}

/** What the conformance suite of a bus of messages needs. */
export interface MessageBusSuiteOptions extends AnyBusSuiteOptions {
  readonly kind: 'messages'
  /**
   * Opens another bus on the same server, as another process would; or returns the same one each time within a rule,
   * where all caches share it. The suite closes it, and uses only channels under a random prefix.
   */
  readonly create: () => MessageBus | Promise<MessageBus>
}

/** Changes keys on a server, whatever it is written in: a `RemoteStore` will do. */
export interface ChangingClient {
  set(key: string, bytes: Uint8Array, ttl: Milliseconds): Promise<unknown>
  delete(key: string): Promise<unknown>
}

/** What the conformance suite of a bus of changes needs. */
export interface ChangeBusSuiteOptions extends AnyBusSuiteOptions {
  readonly kind: 'changes'
  /**
   * Opens another bus on the same server, as another process would. The suite closes it, and uses only keys under a
   * random prefix, which it leaves to expire within a minute.
   */
  readonly create: () => ChangeBus | Promise<ChangeBus>
  /** A client of that server which has nothing to do with the buses. */
  readonly client: ChangingClient & {
    /** Drops everything that the server holds; adds the rules about `flushed()`. */
    flush?(): Promise<unknown>
    /** Makes the server evict this key at least; adds the rule about evicted keys. */
    evict?(key: string): Promise<unknown>
  }
  /**
   * Changes keys as the process of this bus does, where its store shares something with the bus, such as a
   * connection; adds the rule about its own changes.
   */
  readonly own?: (bus: ChangeBus) => ChangingClient
  /**
   * Lets time pass for the server, where its clock can be moved.
   * @default waits for that long
   */
  readonly advance?: (ms: Milliseconds) => Promise<void>
}

/** What a bus's conformance suite needs: told apart by `kind`. */
export type BusSuiteOptions = MessageBusSuiteOptions | ChangeBusSuiteOptions
