import {
  CacheError,
  type Clock,
  checkWireKey,
  type IncrementOptions,
  type Milliseconds,
  quote,
  type Stored,
  type StoreLimits,
  type Version,
} from '@lookaside/core'
import { expiredFrame, FRAME_STATE, frameState } from './frame-layout.js'

interface Item {
  readonly bytes: Uint8Array
  readonly expiresAt: Milliseconds
  /** A new object for each write, so that no two states of any key ever have the same version. */
  readonly version: Version
}

/** Sees every change as it is made. */
export interface ItemsObserver {
  stored(key: string, expiresAt: Milliseconds): void
  /** Deleted or expired. */
  removed(keys: readonly string[]): void
  /** Everything was dropped at once. */
  emptied(): void
}

const MAX_COUNTER = 2n ** 63n - 1n

/** The store contract over a `Map`: each method is one atomic operation, with its arguments checked first. */
export class MemoryItems {
  readonly limits: StoreLimits
  readonly #clock: Clock
  readonly #items = new Map<string, Item>()
  #observer: ItemsObserver | undefined

  constructor(clock: Clock, limits: StoreLimits) {
    this.#clock = clock
    this.limits = limits
  }

  get(key: string): Stored | undefined {
    const item = this.#alive(key)
    return item && { bytes: Uint8Array.from(item.bytes), version: item.version }
  }

  set(key: string, bytes: Uint8Array, ttl: Milliseconds): Version {
    this.#check(key, bytes, ttl)
    return this.#put(key, bytes, this.#expiry(ttl))
  }

  add(key: string, bytes: Uint8Array, ttl: Milliseconds): Version | undefined {
    this.#check(key, bytes, ttl)
    return this.#alive(key) === undefined ? this.#put(key, bytes, this.#expiry(ttl)) : undefined
  }

  replace(key: string, bytes: Uint8Array, ttl: Milliseconds, version: Version): Version | undefined {
    this.#check(key, bytes, ttl)
    const item = this.#alive(key)
    return item !== undefined && item.version === version
      ? this.#put(key, bytes, this.#expiry(ttl))
      : undefined
  }

  delete(key: string, version?: Version): boolean {
    const item = this.#alive(key)
    if (item === undefined || (version !== undefined && item.version !== version)) return false
    this.#remove([key])
    return true
  }

  deleteMany(keys: readonly string[]): void {
    for (const key of keys) checkWireKey(key)
    this.#remove(keys)
  }

  increment(key: string, by: bigint, { initial, ttl }: IncrementOptions): bigint {
    checkTtl(ttl)
    const item = this.#alive(key)
    const current = item === undefined ? initial : parseCounter(key, item.bytes)
    const sum = current + by
    if (sum > MAX_COUNTER) {
      const expected = `the counter at ${quote(key)} must stay at or below 2^63 - 1`
      throw new CacheError('ERR_CACHE_COUNTER', `${expected}; received ${current} + ${by}; reset it first`)
    }
    const next = sum < 0n ? 0n : sum
    this.#put(key, Buffer.from(`${next}`), item?.expiresAt ?? this.#expiry(ttl))
    return next
  }

  expire(key: string, randomBits: Uint8Array): void {
    const item = this.#alive(key)
    if (item === undefined) return
    const state = frameState(item.bytes)
    if (state === FRAME_STATE.value || state === FRAME_STATE.expired) {
      this.#put(key, expiredFrame(item.bytes, randomBits), item.expiresAt)
    } else {
      this.#remove([key])
    }
  }

  clear(prefix: string): void {
    this.#remove([...this.#items.keys()].filter(key => key.startsWith(prefix)))
  }

  empty(): void {
    this.#items.clear()
    this.#observer?.emptied()
  }

  observe(observer: ItemsObserver | undefined): void {
    this.#observer = observer
  }

  /** When each key expires. */
  expiries(): (readonly [key: string, expiresAt: Milliseconds])[] {
    return [...this.#items].map(([key, { expiresAt }]) => [key, expiresAt] as const)
  }

  keys(): string[] {
    return [...this.#items.keys()].filter(key => this.#alive(key) !== undefined)
  }

  #alive(key: string): Item | undefined {
    checkWireKey(key)
    const item = this.#items.get(key)
    if (item === undefined || this.#clock.monotonic() < item.expiresAt) return item
    this.#remove([key])
    return undefined
  }

  #put(key: string, bytes: Uint8Array, expiresAt: Milliseconds): Version {
    const item: Item = { bytes: Uint8Array.from(bytes), expiresAt, version: {} }
    this.#items.set(key, item)
    this.#observer?.stored(key, expiresAt)
    return item.version
  }

  #remove(keys: readonly string[]): void {
    const removed = keys.filter(key => this.#items.delete(key))
    if (removed.length > 0) this.#observer?.removed(removed)
  }

  #expiry(ttl: Milliseconds): Milliseconds {
    const step = this.limits.ttlStep
    return Math.ceil((this.#clock.monotonic() + ttl) / step) * step
  }

  #check(key: string, bytes: Uint8Array, ttl: Milliseconds): void {
    checkWireKey(key)
    checkTtl(ttl)
    if (bytes.length <= this.limits.maxValueBytes) return
    const expected = `a value must be at most ${this.limits.maxValueBytes} bytes`
    throw new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `${expected}; received ${bytes.length} for ${quote(key)}; store less`,
    )
  }
}

function checkTtl(ttl: Milliseconds): void {
  if (ttl >= 1 && ttl < Number.POSITIVE_INFINITY) return
  const expected = 'a store takes a ttl of 1 ms or more'
  throw new CacheError(
    'ERR_CACHE_DURATION',
    `${expected}; received ${quote(ttl)}; do not store what must not last`,
  )
}

function parseCounter(key: string, bytes: Uint8Array): bigint {
  const text = Buffer.from(bytes).toString('latin1')
  const value = /^(?:0|[1-9]\d{0,18})$/.test(text) ? BigInt(text) : -1n
  if (value >= 0n && value <= MAX_COUNTER) return value
  const expected = 'a counter must hold plain decimal digits, from 0 to 2^63 - 1'
  throw new CacheError(
    'ERR_CACHE_COUNTER',
    `${expected}; ${quote(key)} holds ${quote(text)}; delete it first`,
  )
}
