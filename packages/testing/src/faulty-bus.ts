import type { ChangeBus, InvalidationBus, MessageBus } from '@lookaside/core'
import { BusGate } from './bus-gate.js'

/** What tests may do to a bus. */
export interface BusFaults {
  /** Loses the next things that arrive, 1 by default, for each of those who listen now: nobody is told, not even `down()`. */
  lose(times?: number): void
  /** Holds back everything that arrives, `up()` and `down()` too, until `release()`: a slow network. */
  hold(): void
  /** Tells at once, in its order, what was held back. */
  release(): void
  /**
   * Tells all listeners `down()` at once. Whatever arrives is lost until `restore()`, also what is being held back;
   * messages can't be published.
   */
  cut(cause?: unknown): void
  /** Ends the cut, and tells `up()` at once to all listeners for whom the wrapped bus is up. */
  restore(): void
  /** Ends everything: the cut, what is held back, and what was to be lost or refused. */
  heal(): void
}

/** One message that a faulty bus was given to publish. */
export interface PublishedMessage {
  readonly channel: string
  readonly bytes: Uint8Array
}

/** A bus of messages with faults to switch on and off, and a log of what was published. */
export interface FaultyMessageBus extends MessageBus, BusFaults {
  /** Every message so far, also those that could not be published; yours to empty. */
  readonly published: PublishedMessage[]
  /**
   * Refuses to publish the next messages, all by default, with an error as of a lost connection unless one is given.
   * Those who listen notice nothing.
   */
  refuse(error?: unknown, times?: number): void
}

/** A bus of changes with faults to switch on and off. */
export interface FaultyChangeBus extends ChangeBus, BusFaults {}

/**
 * Wraps a bus so that tests can make it lossy, slow or cut off, for this process only: the other buses on the same
 * server notice nothing. Without a fault it behaves as the bus it wraps.
 *
 * @example
 * const shared = memoryBus()
 * const [mine, yours] = [faultyBus(shared), faultyBus(shared)]
 * const a = createCache({ store: [lruStore(), server.store()], bus: mine })
 * const b = createCache({ store: [lruStore(), server.store()], bus: yours })
 * yours.hold()
 * await a.delete('k')    // `b` doesn't know yet
 * yours.release()        // now it does
 * mine.published.length  // 1 or more
 */
export function faultyBus(bus: MessageBus): FaultyMessageBus
export function faultyBus(bus: ChangeBus): FaultyChangeBus
export function faultyBus(bus: InvalidationBus): FaultyMessageBus | FaultyChangeBus
export function faultyBus(bus: InvalidationBus): FaultyMessageBus | FaultyChangeBus {
  return bus.kind === 'messages' ? faultyMessageBus(bus) : faultyChangeBus(bus)
}

function faultyChangeBus(bus: ChangeBus): FaultyChangeBus {
  const gate = new BusGate()
  return {
    kind: 'changes',
    name: bus.name,
    ...faultsOf(gate),
    listen(prefix, listener) {
      const place = gate.enter(listener)
      const end = bus.listen(prefix, {
        ...gate.listenerAt(place),
        changed: keys => gate.pass(place, () => listener.changed(keys)),
      })
      return () => {
        gate.leave(place)
        end()
      }
    },
    close() {
      gate.close()
      return bus.close()
    },
  }
}

function faultyMessageBus(bus: MessageBus): FaultyMessageBus {
  const gate = new BusGate()
  const published: PublishedMessage[] = []
  let refusal: unknown
  let refusals = 0
  return {
    kind: 'messages',
    name: bus.name,
    ...faultsOf(gate),
    heal() {
      refusals = 0
      gate.heal()
    },
    published,
    refuse(error, times = Number.POSITIVE_INFINITY) {
      refusal = error ?? unavailable(bus.name)
      refusals = times
    },
    listen(channel, listener) {
      const place = gate.enter(listener)
      const end = bus.listen(channel, {
        ...gate.listenerAt(place),
        message: bytes => gate.pass(place, () => listener.message(bytes)),
      })
      return () => {
        gate.leave(place)
        end()
      }
    },
    async publish(channel, message) {
      published.push({ channel, bytes: Uint8Array.from(message) })
      if (refusals > 0) {
        refusals--
        throw refusal
      }
      if (gate.isCut) throw unavailable(bus.name)
      return bus.publish(channel, message)
    },
    close() {
      gate.close()
      return bus.close()
    },
  }
}

function faultsOf(gate: BusGate): BusFaults {
  return {
    lose: times => gate.lose(times),
    hold: () => gate.hold(),
    release: () => gate.release(),
    cut: cause => gate.cut(cause),
    restore: () => gate.restore(),
    heal: () => gate.heal(),
  }
}

/** As a client would throw it. */
function unavailable(name: string): Error {
  return new Error(`the connection of '${name}' was lost, by a fault that was switched on; heal() it`)
}
