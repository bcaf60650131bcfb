import { type AnyListener, type BrokenBus, broken, hearing } from './broken-bus.js'

const ENDED = 'tells a listener nothing once it was ended'
const TWICE = 'takes a listener that listens twice for two'

export const BROKEN_ENDS: readonly BrokenBus[] = [
  broken(ENDED, 'it tells them on', bus => ({
    listen(topic, listener) {
      bus.listen(topic, listener)
      return () => {}
    },
  })),
  broken(ENDED, 'it never ends the last one', bus => {
    const counts = new Map<string, number>()
    return {
      listen(topic, listener) {
        const end = bus.listen(topic, listener)
        counts.set(topic, (counts.get(topic) ?? 0) + 1)
        return () => {
          const left = (counts.get(topic) ?? 0) - 1
          counts.set(topic, left)
          if (left > 0) end()
        }
      },
    }
  }),
  broken('tells nothing at all to a listener that is ended at once', 'it has promised up()', bus => ({
    listen(topic, listener) {
      setImmediate(listener.up)
      return bus.listen(topic, { ...listener, up() {} })
    },
  })),
  broken('tells a listener nothing once another one has ended it', 'it has a list of whom to tell', bus => ({
    listen(topic, listener) {
      const end = bus.listen(topic, listener)
      return () => void setImmediate(end)
    },
  })),
  broken(TWICE, 'it keeps a set of them', bus => {
    const ends = new Map<AnyListener, () => void>()
    return {
      listen(topic, listener) {
        const end = ends.get(listener) ?? bus.listen(topic, listener)
        ends.set(listener, end)
        return end
      },
    }
  }),
  broken(TWICE, 'an end that is called twice ends both', bus => {
    const ends = new Map<AnyListener, (() => void)[]>()
    return {
      listen(topic, listener) {
        const all = ends.get(listener) ?? []
        ends.set(listener, all)
        all.push(bus.listen(topic, listener))
        return () => all.pop()?.()
      },
    }
  }),
  broken('is heard again after its last listener was ended', 'it has left the topic for good', bus => {
    const left = new Set<string>()
    return {
      listen(topic, listener) {
        const end = bus.listen(topic, {
          ...listener,
          ...hearing(listener, pass => {
            if (!left.has(topic)) pass()
          }),
        })
        return () => {
          left.add(topic)
          end()
        }
      },
    }
  }),
]
