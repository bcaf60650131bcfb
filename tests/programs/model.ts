/** What a key holds: a value with its tags, fresh or stale within its grace, or a counter. */
interface Held {
  readonly value: unknown
  readonly kind: 'value' | 'counter'
  readonly stale: boolean
  readonly tags: readonly string[]
  /** Whether it may be stale, which what has not been written may not. */
  readonly graceful: boolean
}

/** What the cache is taken to be: a map, with nothing in between. */
export class Model {
  readonly #held = new Map<string, Held>()
  /** What has not been written behind, and what the key held when it was set. */
  readonly #pending = new Map<string, { readonly value: unknown; readonly at: Held }>()
  readonly #lookups = new Map<string, Held | undefined>()
  /** What was written behind. */
  readonly written = new Map<string, unknown>()

  /** The fresh value for a reader who names `tags`. */
  get(key: string, tags: readonly string[] = []): unknown {
    const held = this.#usable(key, tags)
    return held === undefined || held.stale ? undefined : held.value
  }

  state(key: string): 'miss' | 'stale' | 'fresh' {
    const held = this.#held.get(key)
    if (held === undefined) return 'miss'
    return held.stale ? 'stale' : 'fresh'
  }

  set(key: string, value: unknown, tags: readonly string[] = [], graceful = true): void {
    this.#held.set(key, { value, kind: 'value', stale: false, tags, graceful })
  }

  delete(key: string): void {
    this.#held.delete(key)
  }

  expire(key: string): void {
    const held = this.#held.get(key)
    if (held?.graceful === true) this.#held.set(key, { ...held, stale: true })
    else this.#held.delete(key)
  }

  deleteTag(tag: string): void {
    for (const [key, { tags }] of this.#held) if (tags.includes(tag)) this.#held.delete(key)
  }

  expireTag(tag: string): void {
    for (const [key, { tags }] of this.#held) if (tags.includes(tag)) this.expire(key)
  }

  /** What `getOrSet` gives, whose loader returns `loaded`, or fails where that is an error. */
  getOrSet(key: string, loaded: unknown, tags: readonly string[] = [], refresh = false): unknown {
    const held = this.#usable(key, tags)
    if (held !== undefined && !held.stale && !refresh) return held.value
    if (loaded instanceof Error) {
      // A load takes the place of what can't be used, and leaves nothing when it fails.
      if (held === undefined) this.delete(key)
      return held !== undefined && !refresh ? held.value : loaded
    }
    this.set(key, loaded, tags)
    return loaded
  }

  increment(key: string, by: bigint, initial: bigint): unknown {
    const held = this.#held.get(key)
    if (held?.kind === 'value') return 'ERR_CACHE_COUNTER'
    const sum = (held === undefined ? initial : BigInt(held.value as number)) + by
    const count = sum < 0n ? 0n : sum
    this.#held.set(key, { value: Number(count), kind: 'counter', stale: false, tags: [], graceful: false })
    return count
  }

  lookUp(key: string): void {
    this.#lookups.set(key, this.#held.get(key))
  }

  hasLookedUp(key: string): boolean {
    return this.#lookups.has(key)
  }

  /** Whether the key is still as it was looked up. */
  isAsLookedUp(key: string): boolean {
    return this.#lookups.get(key) === this.#held.get(key)
  }

  setBehind(key: string, value: unknown): void {
    this.set(key, value, [], false)
    this.#pending.set(key, { value, at: this.#held.get(key) as Held })
  }

  getBehind(key: string): unknown {
    const pending = this.#pending.get(key)
    return pending === undefined ? this.get(key) : pending.value
  }

  flush(): void {
    for (const [key, { value, at }] of this.#pending) {
      this.written.set(key, value)
      if (this.#held.get(key) === at) this.set(key, value)
      else this.delete(key)
    }
    this.#pending.clear()
  }

  #usable(key: string, tags: readonly string[]): Held | undefined {
    const held = this.#held.get(key)
    return held !== undefined && tags.every(tag => held.tags.includes(tag)) ? held : undefined
  }
}
