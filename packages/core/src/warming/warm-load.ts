import { onAbort } from '../abortable.js'
import type { GetOrSetOptions } from '../cache/call-options.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, isCacheError } from '../errors.js'
import type { CacheEvent, CacheListener } from '../events.js'
import type { LoadContext, Loader } from '../loading/loader.js'
import type { WarmSettings } from './warm-options.js'
import type { WarmFate } from './warm-store-watch.js'

/** What warming needs of a cache. */
export interface WarmCache {
  getOrSet(key: string, load: Loader<unknown>, options: GetOrSetOptions<never>): Promise<unknown>
  ready(): Promise<void>
  on(listener: CacheListener): () => void
}

type NotStored = Extract<CacheEvent, { type: 'not-stored' }>

const FIRST_PAUSE: Milliseconds = 50
const LONGEST_PAUSE: Milliseconds = 1_000

/** The way of one item through `getOrSet`. */
export class WarmLoad {
  readonly key: string
  readonly #cache: WarmCache
  readonly #settings: WarmSettings
  readonly #stop: AbortSignal
  readonly #loader: Loader<unknown>
  /** The loader runs, or has run, since `getOrSet` was called last. */
  #begun = false
  #failure: { readonly error: unknown } | undefined
  #notStored: NotStored | undefined
  #committed = false
  #refused = false
  /** The loader has returned. */
  loaded = false

  constructor(cache: WarmCache, settings: WarmSettings, stop: AbortSignal, key: string, item: unknown) {
    this.#cache = cache
    this.#settings = settings
    this.#stop = stop
    this.key = key
    const run = (context: LoadContext) => this.#load(item, context)
    // A loader that takes no context sets no tags, which its misses then need not ask for.
    this.#loader = settings.load.length > 1 ? context => run(context) : (...[context]) => run(context)
  }

  /** Whether a loader runs or has run for it. */
  get begun(): boolean {
    return this.#begun
  }

  /** Why its item has failed, whose value the store does not take. */
  get lost(): unknown {
    return (
      this.#notStored?.error ??
      new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        `'${this.key}' was loaded, and the store did not take it; run the warming again when it does`,
      )
    )
  }

  /** Takes note of what the cache tells of the key. */
  note(event: CacheEvent): void {
    if (event.type === 'not-stored') this.#notStored = event
    if (event.type === 'commit') this.#committed = true
    if (event.type === 'load-refused' && event.cause === 'limit') this.#refused = true
  }

  /** Calls `getOrSet`, as often as the loads of others leave no room; rejects as the loader does. */
  async run(): Promise<WarmFate> {
    let pause = FIRST_PAUSE
    while (await this.#isRefused()) {
      const { clock } = this.#settings
      await clock.sleep(Math.ceil(pause * (0.5 + clock.random() / 2)), this.#stop)
      pause = Math.min(LONGEST_PAUSE, pause * 2)
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#fate()
  }

  /** Calls `getOrSet` and waits for all that comes of it; resolves to whether too many loads run. */
  async #isRefused(): Promise<boolean> {
    this.#begun = false
    this.#failure = undefined
    this.#notStored = undefined
    this.#committed = false
    this.#refused = false
    try {
      await this.#getOrSet()
    } catch (error) {
      if (this.#begun || !isCacheError(error, 'ERR_CACHE_LOAD_LIMIT')) throw error
      return true
    }
    // A stale value may have stood in.
    return this.#refused && !this.#begun
  }

  async #getOrSet(): Promise<void> {
    this.#stop.throwIfAborted()
    const { values } = this.#settings
    const background: Promise<unknown>[] = []
    // Whoever waits for a turn or for somebody else's load may leave; a load that has begun is finished.
    const leave = new AbortController()
    const forget = onAbort(this.#stop, () => {
      if (!this.#begun) leave.abort(this.#stop.reason)
    })
    try {
      await this.#cache.getOrSet(this.key, this.#loader, {
        ...values,
        signal: leave.signal,
        waitUntil(work) {
          background.push(work)
          values.waitUntil?.(work)
        },
      })
      // It was served a stale value, or a fresh one early, and its load goes on.
      await Promise.all(background)
    } finally {
      forget()
    }
  }

  async #load(item: unknown, context: LoadContext): Promise<unknown> {
    this.#begun = true
    try {
      const value = await this.#settings.load(item, context)
      this.loaded = true
      return value
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  #fate(): WarmFate {
    if (!this.#begun || this.#committed || this.#notStored === undefined) return 'kept'
    const { reason, error } = this.#notStored
    switch (reason) {
      case 'no-store':
      case 'ttl-0':
        return 'kept'
      case 'too-large':
      case 'not-encodable':
        throw error ?? this.lost
      case 'no-claim':
        return 'unclaimed'
      case 'tags':
      case 'store-error':
        return 'lost'
    }
  }
}
