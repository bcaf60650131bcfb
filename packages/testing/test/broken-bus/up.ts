import { type AnyBus, type AnyListener, type BrokenBus, broken, hearing, tapped } from './broken-bus.js'

const KIND = 'says of which kind it is, and has a name without credentials'
const LATER = 'tells a listener that comes later that it is up'
const EARLY = 'never calls a listener before listen() has returned'
const ALL = 'tells all who listen, in one process and in others'

export const BROKEN_UP: readonly BrokenBus[] = [
  broken(KIND, 'it has no name', () => ({ name: '' })),
  broken(KIND, 'its name has a password', () => ({ name: 'redis://user:secret@localhost:6379' })),
  broken(KIND, 'it takes itself for the other', bus => ({
    kind: bus.kind === 'messages' ? 'changes' : 'messages',
  })),
  broken('tells a listener that it is up', 'it does not', bus => tapped(bus, () => ({ up() {} }))),
  broken(LATER, 'it tells the first of all only', bus => {
    let listeners = 0
    return tapped(bus, listener => (++listeners === 1 ? listener : { up() {} }))
  }),
  broken(LATER, 'it tells the first of each topic only', bus => {
    const topics = new Set<string>()
    return tapped(bus, (_, topic) => (topics.size === topics.add(topic).size ? { up() {} } : {}))
  }),
  broken(EARLY, 'it is always up', bus => ({
    listen(topic, listener) {
      listener.up()
      return bus.listen(topic, { ...listener, up() {} })
    },
  })),
  broken(EARLY, 'it knows that it is up', bus => {
    let isUp = false
    return {
      listen(topic, listener) {
        const knows = isUp
        if (knows) listener.up()
        return bus.listen(topic, {
          ...listener,
          up() {
            isUp = true
            if (!knows) listener.up()
          },
        })
      },
    }
  }),
  broken('says up() before it tells of anything', 'it takes its time', bus =>
    tapped(bus, listener => ({ up: () => void setTimeout(listener.up, 30) })),
  ),
  broken('tells of everything from up() on', 'it says so before it has asked the server', bus => ({
    listen(topic, listener) {
      let end = () => {}
      queueMicrotask(listener.up)
      setImmediate(() => {
        end = bus.listen(topic, { ...listener, up() {} })
      })
      return () => end()
    },
  })),
  broken(ALL, 'it tells the latest of a process only', bus => {
    const latest = new Map<string, AnyListener>()
    return tapped(bus, (listener, topic) => {
      latest.set(topic, listener)
      return hearing(listener, pass => {
        if (latest.get(topic) === listener) pass()
      })
    })
  }),
  broken(ALL, 'a listener takes from the others what it hears', (bus, { opened }) => {
    const isFirst = opened.length === 1
    return isFirst ? {} : (tapped(bus, () => ({ message() {}, changed() {} })) satisfies Partial<AnyBus>)
  }),
]
