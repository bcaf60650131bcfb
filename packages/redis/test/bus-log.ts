import { randomUUID } from 'node:crypto'
import type { ChangeListener, InvalidationBus, MessageListener } from '@lookaside/core'
import { expect } from 'vitest'

/** A listener of either kind that writes down what it is told: `up`, `down`, `flushed`, `message x`, `changed x`. */
export interface BusLog extends MessageListener, ChangeListener {
  readonly told: string[]
  readonly causes: unknown[]
  /** Waits until all of `expected` was told, in this order, and forgets everything that was. */
  hears(...expected: string[]): Promise<void>
}

export function busLog(): BusLog {
  const told: string[] = []
  const causes: unknown[] = []
  let up: boolean | undefined
  return {
    told,
    causes,
    up() {
      told.push('up')
      up = true
    },
    down(cause) {
      causes.push(cause)
      // The reason may change while it is down, and then is told again.
      if (up !== false) told.push('down')
      up = false
    },
    flushed: () => void told.push('flushed'),
    message: bytes => void told.push(`message ${Buffer.from(bytes).toString()}`),
    changed: keys => void told.push(...keys.map(key => `changed ${key}`)),
    async hears(...expected) {
      await expect.poll(() => told.slice(), { timeout: 10_000, interval: 10 }).toEqual(expected)
      told.length = 0
    },
  }
}

/** Listens on a bus of either kind, to a channel or a prefix. */
export function listen(bus: InvalidationBus, name: string, listener: BusLog): () => void {
  return bus.kind === 'messages' ? bus.listen(name, listener) : bus.listen(name, listener)
}

/** A channel or a prefix that nobody else uses. */
export function freshName(): string {
  return `test:${randomUUID()}:`
}
