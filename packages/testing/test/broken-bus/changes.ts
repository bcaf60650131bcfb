import type { ChangeBus } from '@lookaside/core'
import { type AnyListener, type BrokenBus, broken, tapped } from './broken-bus.js'

const MANY = 'tells of each of many keys'
const NAMES = 'names keys in any script as they are'
const LITERAL = 'takes a prefix literally'
const NESTED = 'tells those who listen to nested prefixes, in whichever order they came'
const NESTED_END = 'tells one of two nested prefixes on when the other has ended'
const EMPTY = 'tells of every key to those who listen to the empty prefix'
const FLUSHED = 'says flushed() when the server has dropped everything'

const breaks = broken<ChangeBus>

export const BROKEN_CHANGES: readonly BrokenBus<ChangeBus>[] = [
  breaks('tells of a key that is written for the first time', 'nobody has asked for it yet', bus => {
    const known = new Set<string>()
    return keeping(bus, key => known.size === known.add(key).size)
  }),
  breaks('tells of a key that is overwritten', 'it tells of each key once', bus => {
    const told = new Set<string>()
    return keeping(bus, key => told.size < told.add(key).size)
  }),
  breaks('tells of a key that is deleted', 'it tells of keys that are there', (bus, { server }) =>
    keeping(bus, key => server.keys().includes(key)),
  ),
  breaks('tells of a key that expires', 'nobody has done it', (bus, { server }) =>
    keeping(bus, key => server.keys().includes(key)),
  ),
  breaks('tells of a key that is evicted', 'nobody has done it', (bus, { evicted }) =>
    keeping(bus, key => !evicted.has(key)),
  ),
  breaks('tells of what its own process changes', 'it knows it already', (bus, { own }) =>
    keeping(bus, key => !own.has(key)),
  ),
  breaks(MANY, 'it has room for some', bus => {
    let count = 0
    return keeping(bus, () => ++count < 600)
  }),
  breaks(MANY, 'it tells of the deletes as one', bus => {
    let count = 0
    return keeping(bus, () => ++count < 1_002)
  }),
  breaks(NAMES, 'it takes a byte for a character', bus =>
    naming(bus, key => Buffer.from(key).toString('latin1')),
  ),
  breaks(NAMES, 'it folds case', bus => naming(bus, key => key.toLowerCase())),
  breaks(NAMES, 'it strips the prefix', bus =>
    tapped(bus, (listener, prefix) => ({
      changed: keys => listener.changed(keys.map(key => key.slice(prefix.length))),
    })),
  ),
  breaks('tells all processes, whichever prefixes they listen to', 'it has one prefix', bus => {
    let first: string | undefined
    return tapped(bus, (listener, prefix) => {
      first ??= prefix
      return prefix === first ? {} : ({ changed() {} } satisfies Partial<typeof listener>)
    })
  }),
  breaks(LITERAL, 'it takes it for a pattern', bus =>
    matching(bus, prefix => new RegExp(`^${prefix.replace(/\\$/, '')}`)),
  ),
  breaks(LITERAL, 'it takes \\ for an escape', bus => ({
    listen: (prefix, listener) => bus.listen(prefix.replaceAll('\\', ''), listener),
  })),
  breaks(NESTED, 'it refuses prefixes that overlap', bus => {
    const prefixes = new Set<string>()
    return {
      listen(prefix, listener) {
        for (const other of prefixes) {
          if (other !== prefix && (other.startsWith(prefix) || prefix.startsWith(other))) {
            throw new Error(`Prefix '${prefix}' overlaps with an existing prefix '${other}'`)
          }
        }
        prefixes.add(prefix)
        return bus.listen(prefix, listener)
      },
    }
  }),
  breaks(NESTED, 'it tells the longest prefix only', bus => {
    const prefixes = new Set<string>()
    return tapped(bus, (listener, prefix) => {
      prefixes.add(prefix)
      const longest = (key: string) =>
        ![...prefixes].some(other => other.length > prefix.length && key.startsWith(other))
      return { changed: keys => listener.changed(keys.filter(longest)) }
    })
  }),
  breaks(NESTED_END, 'the inner one lived on the outer one', bus => ending(bus, (a, b) => a.startsWith(b))),
  breaks(NESTED_END, 'the outer one is gone with the inner one', bus =>
    ending(bus, (a, b) => b.startsWith(a)),
  ),
  breaks(EMPTY, 'no prefix is nothing', bus =>
    tapped(bus, (_, prefix) => (prefix === '' ? { changed() {} } : {})),
  ),
  breaks(FLUSHED, 'it does not say so', bus => tapped(bus, () => ({ flushed() {} }))),
  breaks(FLUSHED, 'it says so once', bus =>
    tapped(bus, listener => {
      let said = false
      return {
        flushed() {
          if (!said) listener.flushed()
          said = true
        },
      }
    }),
  ),
  breaks('tells on of changes when the server has dropped everything', 'it is forgotten too', bus =>
    tapped(bus, listener => {
      let flushed = false
      return {
        changed: keys => flushed || listener.changed(keys),
        flushed() {
          flushed = true
          listener.flushed()
        },
      }
    }),
  ),
]

/** Tells only of some keys. */
function keeping(bus: ChangeBus, keep: (key: string) => boolean): Partial<ChangeBus> {
  return tapped(bus, listener => ({ changed: keys => listener.changed(keys.filter(keep)) }))
}

function naming(bus: ChangeBus, rename: (key: string) => string): Partial<ChangeBus> {
  return tapped(bus, listener => ({ changed: keys => listener.changed(keys.map(rename)) }))
}

function matching(bus: ChangeBus, pattern: (prefix: string) => RegExp): Partial<ChangeBus> {
  return tapped(bus, (listener, prefix) => ({
    changed: keys => listener.changed(keys.filter(key => pattern(prefix).test(key))),
  }))
}

/** Ends with a listener those whose prefix `goes` with its own. */
function ending(bus: ChangeBus, goes: (prefix: string, ended: string) => boolean): Partial<ChangeBus> {
  const ends = new Map<string, () => void>()
  return {
    listen(prefix, listener) {
      const end = bus.listen(prefix, listener as AnyListener)
      ends.set(prefix, end)
      return () => {
        for (const [other, endOther] of ends) if (goes(other, prefix)) endOther()
      }
    },
  }
}
