import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock.js'
import { sleepOn } from '../src/clock.js'
import type { RemoteStore, Stored } from '../src/tiers/store.js'

interface Item extends Stored {
  readonly expiresAt: number
}

type Operation = 'get' | 'add' | 'replace'

/** A store of few operations in memory, whose time and faults the test sets; `@lookaside/testing` needs this package. */
export class TokenStore {
  readonly clock: Clock
  /** What was called, in order. */
  readonly calls: string[] = []
  /** Called in the place of an operation. */
  readonly faults = new Map<Operation, () => Promise<never>>()
  /** Called before each replacement. */
  beforeReplace: () => void = () => {}
  readonly remote: RemoteStore
  readonly #items = new Map<string, Item>()
  readonly #timers = new Set<{ readonly due: number; readonly callback: () => void }>()
  #now = 1_000_000

  constructor() {
    const clock: Clock = {
      now: () => this.#now,
      monotonic: () => this.#now,
      random: () => 0.5,
      timer: (ms, callback) => {
        const timer = { due: this.#now + ms, callback }
        this.#timers.add(timer)
        return () => void this.#timers.delete(timer)
      },
      sleep: (ms, signal) => sleepOn(clock, ms, signal),
    }
    this.clock = clock
    this.remote = this.#store()
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue
      this.#timers.delete(timer)
      timer.callback()
    }
    await setImmediate()
    await setImmediate()
  }

  /** What a server holds, whatever the faults. */
  bytesAt(key: string): Uint8Array | undefined {
    return this.#alive(key)?.bytes
  }

  write(key: string, bytes: Uint8Array): void {
    this.#put(key, bytes, 3_600_000)
  }

  remove(key: string): void {
    this.#items.delete(key)
  }

  #alive(key: string): Item | undefined {
    const item = this.#items.get(key)
    return item !== undefined && this.#now < item.expiresAt ? item : undefined
  }

  #put(key: string, bytes: Uint8Array, ttl: number): object {
    const item = { bytes: Uint8Array.from(bytes), version: {}, expiresAt: this.#now + ttl }
    this.#items.set(key, item)
    return item.version
  }

  #store(): RemoteStore {
    const call = async <T>(op: Operation, perform: () => T): Promise<T> => {
      this.calls.push(op)
      return this.faults.get(op)?.() ?? perform()
    }
    const unused = () => Promise.reject(new Error('tokens need no such operation'))
    return {
      kind: 'remote',
      name: 'tokens',
      limits: { maxValueBytes: 1_000, ttlStep: 1 },
      get: key => call('get', () => this.#alive(key)),
      getMany: async keys => keys.map(key => this.#alive(key)),
      add: (key, bytes, ttl) =>
        call('add', () => (this.#alive(key) === undefined ? this.#put(key, bytes, ttl) : undefined)),
      replace: (key, bytes, ttl, version) =>
        call('replace', () => {
          this.beforeReplace()
          return this.#alive(key)?.version === version ? this.#put(key, bytes, ttl) : undefined
        }),
      delete: async key => this.#items.delete(key),
      set: unused,
      deleteMany: unused,
      increment: unused,
      ping: unused,
      close: unused,
    }
  }
}
