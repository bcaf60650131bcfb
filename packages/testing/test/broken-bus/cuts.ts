import type { ChangeBus, MessageBus } from '@lookaside/core'
import { type AnyBus, type BrokenBus, broken, hearing, tapped } from './broken-bus.js'

const DOWN = 'tells of a cut by down(), and of its end by up() (cut)'
const AFTER = 'tells of everything from the up() on that follows a cut (cut)'
const CAME = 'tells a listener that came during a cut that it is up, when it is (cut)'
const CLOSED = 'may be closed during a cut (cut)'
const PUBLISHED = 'takes or refuses what is published during a cut, and goes on afterwards (cut)'

export const BROKEN_CUTS: readonly BrokenBus[] = [
  broken(DOWN, 'it does not say when it is down', bus => tapped(bus, () => ({ down() {} }))),
  broken(DOWN, 'it never comes back', bus => {
    let isDown = false
    return tapped(bus, listener => ({
      up: () => isDown || listener.up(),
      down() {
        isDown = true
        listener.down()
      },
    }))
  }),
  broken(DOWN, 'it notices when it is back', bus =>
    tapped(bus, listener => {
      let wasDown = false
      return {
        up() {
          listener.up()
          if (wasDown) listener.down()
          if (wasDown) listener.up()
        },
        down() {
          wasDown = true
        },
      }
    }),
  ),
  broken(DOWN, 'it says up() before down()', bus =>
    tapped(bus, listener => ({
      down() {
        listener.up()
        listener.down()
      },
    })),
  ),
  broken(DOWN, 'it tells one of its listeners only', bus => {
    let listeners = 0
    return tapped(bus, listener => (++listeners > 1 ? { down() {} } : listener))
  }),
  broken(AFTER, 'it has forgotten what it listened to', bus =>
    tapped(bus, listener => {
      let forgotten = false
      return {
        ...hearing(listener, pass => forgotten || pass()),
        down() {
          forgotten = true
          listener.down()
        },
      }
    }),
  ),
  broken(CAME, 'it takes nobody during a cut', (bus, world) => ({
    listen: (topic, listener) => (world.isCut() ? () => {} : bus.listen(topic, listener)),
  })),
  broken(CAME, 'it has no need to listen on the server', (bus, world) =>
    tapped(bus, listener => {
      const missing = world.isCut()
      return hearing(listener, pass => missing || pass())
    }),
  ),
  broken('comes up by itself when it was first listened to during a cut (cut)', 'it gives up', givingUp),
  broken('tells nothing to a listener that was ended during a cut (cut)', 'it notes nothing then', endless),
  broken(CLOSED, 'it waits for the server', (bus, world) => ({
    close: () => (world.isCut() ? new Promise(() => {}) : bus.close()),
  })),
  broken(CLOSED, 'it comes back all the same', (bus, world) => ({
    close: async () => (world.isCut() ? undefined : bus.close()),
  })),
]

export const BROKEN_MESSAGE_CUTS: readonly BrokenBus<MessageBus>[] = [
  broken<MessageBus>(AFTER, 'it listens to everything once more', bus =>
    tapped(bus, listener => {
      let times = 1
      return {
        ...hearing(listener, pass => {
          for (let time = 0; time < times; time++) pass()
        }),
        down() {
          times++
          listener.down()
        },
      }
    }),
  ),
  broken<MessageBus>(PUBLISHED, 'it waits for the server', (bus, world) => ({
    publish: (channel, bytes) => (world.isCut() ? new Promise(() => {}) : bus.publish(channel, bytes)),
  })),
  broken<MessageBus>(PUBLISHED, 'it never publishes again', bus => {
    let refused = false
    return {
      async publish(channel, bytes) {
        if (refused) throw new Error('Connection is closed.')
        return bus.publish(channel, bytes).catch(error => {
          refused = true
          throw error
        })
      },
    }
  }),
]

export const BROKEN_CHANGE_CUTS: readonly BrokenBus<ChangeBus>[] = [
  broken<ChangeBus>('misses no change during a cut without saying so (cut)', 'it says nothing', bus =>
    tapped(bus, listener => {
      let isUp = false
      return {
        up() {
          if (!isUp) listener.up()
          isUp = true
        },
        down() {},
      }
    }),
  ),
]

/** Comes up only where it could do so at the first attempt. */
function givingUp(bus: AnyBus, world: { isCut(): boolean }): Partial<AnyBus> {
  const lost = world.isCut()
  return { listen: (topic, listener) => (lost ? () => {} : bus.listen(topic, listener)) }
}

function endless(bus: AnyBus, world: { isCut(): boolean }): Partial<AnyBus> {
  return {
    listen(topic, listener) {
      const end = bus.listen(topic, listener)
      return () => (world.isCut() ? undefined : end())
    },
  }
}
