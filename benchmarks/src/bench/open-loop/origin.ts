import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'

/** A value, and when it was brought, by `performance.now()`. */
export interface Brought {
  readonly key: string
  readonly title: string
  readonly loadedAt: Milliseconds
}

/** What a cache stands in front of: slow, and watched. */
export class Origin {
  readonly #loadTime: Milliseconds
  readonly #running = new Map<string, number>()
  #calls = 0
  #mostAtOnce = 0
  #mostForOneKey = 0
  #total = 0

  constructor(loadTime: Milliseconds) {
    this.#loadTime = loadTime
  }

  /** Forgets what has been counted, but not what is running. */
  restart(): void {
    this.#calls = 0
    this.#mostAtOnce = this.#total
    this.#mostForOneKey = Math.max(0, ...this.#running.values())
  }

  get calls(): number {
    return this.#calls
  }

  /** Most calls that ran at the same time. */
  get mostAtOnce(): number {
    return this.#mostAtOnce
  }

  /** Most calls for the same key that ran at the same time. */
  get mostForOneKey(): number {
    return this.#mostForOneKey
  }

  async load(key: string): Promise<Brought> {
    const running = (this.#running.get(key) ?? 0) + 1
    this.#running.set(key, running)
    this.#calls++
    this.#total++
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#total)
    this.#mostForOneKey = Math.max(this.#mostForOneKey, running)
    await sleep(this.#loadTime)
    this.#total--
    const left = (this.#running.get(key) ?? 1) - 1
    if (left === 0) this.#running.delete(key)
    else this.#running.set(key, left)
    return { key, title: `The name of ${key}`, loadedAt: performance.now() }
  }
}
