/** @import { ChangeBus, InvalidationBus, MessageBus, MessageListener } from '@lookaside/core' */
import { namedIn } from './tapped-bus.mjs'

/**
 * A bus that passes on invalidations and nothing else: a cache on it can't notice what it has missed.
 *
 * It hides that the bus was down and that the server was flushed. Heartbeats it answers by itself, those of others too,
 * and it numbers messages anew, so that none is missing.
 *
 * @param {InvalidationBus} bus
 * @param {{ deaf: boolean }} how a deaf one does not even pass on invalidations.
 * @returns {InvalidationBus}
 */
export function naiveBus(bus, { deaf }) {
  return bus.kind === 'changes' ? naiveChanges(bus, deaf) : naiveMessages(bus, deaf)
}

/**
 * @param {ChangeBus} bus
 * @param {boolean} deaf
 * @returns {ChangeBus}
 */
function naiveChanges(bus, deaf) {
  return {
    kind: 'changes',
    name: bus.name,
    listen: (prefix, listener) =>
      bus.listen(prefix, {
        up: once(() => listener.up()),
        down() {},
        flushed() {},
        changed(keys) {
          // By its probe a cache learns that the bus works: that is not to be doubted.
          listener.changed(deaf ? keys.filter(key => key.includes(':#probe:')) : keys)
        },
      }),
    close: () => bus.close(),
  }
}

/**
 * @param {MessageBus} bus
 * @param {boolean} deaf
 * @returns {MessageBus}
 */
function naiveMessages(bus, deaf) {
  /** @type {MessageListener | undefined} */
  let own
  let number = 0
  /** @param {object} body */
  const asOthers = body => Buffer.from(JSON.stringify({ ...body, source: 'all others', number }))
  return {
    kind: 'messages',
    name: bus.name,
    listen(channel, listener) {
      own = listener
      return bus.listen(channel, {
        up: once(() => listener.up()),
        down() {},
        flushed() {},
        message(bytes) {
          if (deaf || namedIn(bytes).length === 0) return
          number++
          listener.message(asOthers(JSON.parse(String(Buffer.from(bytes)))))
        },
      })
    },
    async publish(channel, message) {
      if (namedIn(message).length > 0) return bus.publish(channel, message)
      const { format } = JSON.parse(String(Buffer.from(message)))
      queueMicrotask(() => {
        own?.message(message)
        own?.message(asOthers({ format, type: 'beat' }))
      })
    },
    close: () => bus.close(),
  }
}

/** @param {() => void} action */
function once(action) {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
