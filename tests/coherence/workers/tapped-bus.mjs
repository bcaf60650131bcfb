/** @import { BusListener, InvalidationBus } from '@lookaside/core' */

/**
 * A bus that writes down what it has told: `up`, `down`, `flushed`, and `heard x` for each key, token or path `x`.
 *
 * Each is told after the listener has been, so what happens from then on can't be excused by not knowing. While it is
 * `mute` what is published never leaves the process, which is told too: `unsent`.
 *
 * @param {InvalidationBus} bus
 * @param {(mark: string) => void} told
 * @param {{ readonly mute: boolean }} state
 * @returns {InvalidationBus}
 */
export function tappedBus(bus, told, state) {
  const { name } = bus
  const close = () => bus.close()

  /** @param {BusListener} listener */
  function tapped(listener) {
    return {
      up() {
        listener.up()
        told('up')
      },
      /** @param {unknown} cause */
      down(cause) {
        listener.down(cause)
        told('down')
      },
      flushed() {
        listener.flushed()
        told('flushed')
      },
    }
  }

  if (bus.kind === 'changes') {
    return {
      kind: 'changes',
      name,
      close,
      listen: (prefix, listener) =>
        bus.listen(prefix, {
          ...tapped(listener),
          changed(keys) {
            listener.changed(keys)
            for (const key of keys) told(`heard ${key}`)
          },
        }),
    }
  }
  return {
    kind: 'messages',
    name,
    close,
    listen: (channel, listener) =>
      bus.listen(channel, {
        ...tapped(listener),
        message(bytes) {
          listener.message(bytes)
          for (const named of namedIn(bytes)) told(`heard ${named}`)
        },
      }),
    publish(channel, message) {
      if (!state.mute) return bus.publish(channel, message)
      told('unsent')
      return new Promise(() => {})
    },
  }
}

/**
 * What a message of a cache names.
 *
 * @param {Uint8Array} bytes
 * @returns {readonly string[]}
 */
export function namedIn(bytes) {
  const { keys, tokens, path } = JSON.parse(String(Buffer.from(bytes)))
  return keys ?? tokens ?? (path === undefined ? [] : [path])
}
