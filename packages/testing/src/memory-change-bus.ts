import type { ChangeBus, ChangeListener, Clock, Milliseconds } from '@lookaside/core'
import type { MemoryItems } from './memory-items.js'

interface Ear {
  readonly prefix: string
  readonly listener: ChangeListener
}

/**
 * Tells of what changes in the data of a server in memory, in a later microtask, in the order of the changes.
 *
 * While anyone listens, a timer for each key makes it expire on time: before that nobody would notice.
 */
export class ChangeFeed {
  readonly #items: MemoryItems
  readonly #clock: Clock
  readonly #ears = new Set<Ear>()
  readonly #timers = new Map<string, () => void>()

  constructor(items: MemoryItems, clock: Clock) {
    this.#items = items
    this.#clock = clock
  }

  /** Opens a bus; closing it leaves the others alone. */
  bus(name: string): ChangeBus {
    const own = new Set<Ear>()
    let closed = false
    const end = (ear: Ear) => {
      if (own.delete(ear)) this.#leave(ear)
    }
    return {
      kind: 'changes',
      name,
      listen: (prefix, listener) => {
        const ear: Ear = { prefix, listener }
        if (closed) return () => {}
        own.add(ear)
        this.#enter(ear)
        return () => end(ear)
      },
      close: async () => {
        closed = true
        for (const ear of own) end(ear)
      },
    }
  }

  #enter(ear: Ear): void {
    if (this.#ears.size === 0) {
      this.#items.observe({
        stored: (key, expiresAt) => {
          this.#watch(key, expiresAt)
          this.#changed([key])
        },
        removed: keys => {
          for (const key of keys) this.#unwatch(key)
          this.#changed(keys)
        },
        emptied: () => {
          for (const key of [...this.#timers.keys()]) this.#unwatch(key)
          for (const each of this.#ears) this.#tell(each, () => each.listener.flushed())
        },
      })
      for (const [key, expiresAt] of this.#items.expiries()) this.#watch(key, expiresAt)
    }
    this.#ears.add(ear)
    this.#tell(ear, () => ear.listener.up())
  }

  #leave(ear: Ear): void {
    this.#ears.delete(ear)
    if (this.#ears.size > 0) return
    this.#items.observe(undefined)
    for (const key of [...this.#timers.keys()]) this.#unwatch(key)
  }

  #changed(keys: readonly string[]): void {
    for (const ear of this.#ears) {
      const heard = keys.filter(key => key.startsWith(ear.prefix))
      if (heard.length > 0) this.#tell(ear, () => ear.listener.changed(heard))
    }
  }

  #tell(ear: Ear, what: () => void): void {
    queueMicrotask(() => {
      if (this.#ears.has(ear)) what()
    })
  }

  #watch(key: string, expiresAt: Milliseconds): void {
    this.#unwatch(key)
    const expire = () => {
      // Reading it makes it expire; a timer of the machine may have fired a little early.
      if (this.#items.get(key) !== undefined) this.#watch(key, expiresAt)
    }
    this.#timers.set(key, this.#clock.timer(expiresAt - this.#clock.monotonic(), expire))
  }

  #unwatch(key: string): void {
    this.#timers.get(key)?.()
    this.#timers.delete(key)
  }
}
