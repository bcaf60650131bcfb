/**
 * Carries invalidations to the local tiers of other processes: told apart by `kind`.
 *
 * - `messages`: carries what caches tell each other; the core gives it sense, numbers it and notices what is missing.
 * - `changes`: the server that holds the values tells of every key that changes, whoever changed it.
 */
export type InvalidationBus = MessageBus | ChangeBus

/** What every bus tells those who listen to it. */
export interface BusListener {
  /** From now on everything arrives. What was sent before may have been missed. */
  up(): void
  /** From now on, or for a while already, things may be missed. */
  down(cause?: unknown): void
  /** The server has dropped everything that it held. */
  flushed(): void
}

/** Hears what is published, its own messages too: that they come back shows that the bus works. */
export interface MessageListener extends BusListener {
  message(bytes: Uint8Array): void
}

/** Hears the wire keys that have changed: written, deleted, expired or evicted. */
export interface ChangeListener extends BusListener {
  changed(keys: readonly string[]): void
}

/** What both kinds have. */
interface AnyBus {
  /** Names the bus in events and errors, without credentials. */
  readonly name: string
  /** Closes what the bus opened, and nothing that was injected; from the call on listeners are told nothing. May be called twice. */
  close(): Promise<void>
}

/**
 * A bus that carries small messages to all who listen to a channel, the sender included.
 *
 * Messages of one sender arrive in their order, or not at all; none arrives twice. A bus may lose some: the core
 * notices. It connects when it is first listened to, and comes back by itself.
 */
export interface MessageBus extends AnyBus {
  readonly kind: 'messages'
  /**
   * Returns the function that ends it. Never calls the listener before it has returned.
   *
   * @throws CacheError `ERR_CACHE_CLOSED` once the bus has been closed.
   */
  listen(channel: string, listener: MessageListener): () => void
  /** Resolves once the message is on its way; rejects when it is not known to be. */
  publish(channel: string, message: Uint8Array): Promise<void>
}

/**
 * A bus on which the server tells of the keys that change.
 *
 * It is to tell of changes that happen after `up()`, in any language, by expiry and eviction too, and of those that
 * its listener made.
 */
export interface ChangeBus extends AnyBus {
  readonly kind: 'changes'
  /**
   * Hears of keys that begin with `prefix`, and perhaps of others. Never calls the listener before it has returned.
   *
   * @throws CacheError `ERR_CACHE_CLOSED` once the bus has been closed.
   */
  listen(prefix: string, listener: ChangeListener): () => void
}
