import { type AnyListener, type BrokenBus, broken, tapped } from './broken-bus.js'

const SILENT = 'tells nothing more once close() was called'
const TWICE = 'may be closed twice'
const UNUSED = 'may be closed before it is up, and when nobody ever listened'

export const BROKEN_CLOSING: readonly BrokenBus[] = [
  broken(SILENT, 'it says that it is down', bus => {
    const listeners = new Set<AnyListener>()
    return {
      ...tapped(bus, listener => {
        listeners.add(listener)
        return {}
      }),
      async close() {
        for (const listener of listeners) listener.down()
        return bus.close()
      },
    }
  }),
  broken(SILENT, 'it goes on', () => ({ close: async () => {} })),
  broken(TWICE, 'the second close finds no connection', bus => {
    let closed = false
    return {
      async close() {
        if (closed) throw new Error('Connection is closed.')
        closed = true
        return bus.close()
      },
    }
  }),
  broken(TWICE, 'it passes the answer of the server on', bus => ({
    async close() {
      await bus.close()
      return 'OK' as unknown as undefined
    },
  })),
  broken(TWICE, 'it cannot end a listener any more', bus => {
    let closed = false
    return {
      listen(topic, listener) {
        const end = bus.listen(topic, listener)
        return () => {
          if (closed) throw new Error('Connection is closed.')
          end()
        }
      },
      close() {
        closed = true
        return bus.close()
      },
    }
  }),
  broken(UNUSED, 'it waits for a connection that nobody asked for', bus => {
    let listens = false
    return {
      listen(topic, listener) {
        listens = true
        return bus.listen(topic, listener)
      },
      close: () => (listens ? bus.close() : new Promise(() => {})),
    }
  }),
  broken(UNUSED, 'it comes up all the same', bus => ({
    listen(topic, listener) {
      setImmediate(listener.up)
      return bus.listen(topic, listener)
    },
  })),
  broken('leaves other buses open when it is closed', 'it closes them all', (_, { opened }) => ({
    close: async () => void (await Promise.all(opened.map(bus => bus.close()))),
  })),
]
