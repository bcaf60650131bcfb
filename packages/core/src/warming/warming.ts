import { setImmediate } from 'node:timers/promises'
import { onAbort } from '../abortable.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, type CacheErrorCode, isCacheError, quote } from '../errors.js'
import type { CacheEvent } from '../events.js'
import { type WarmCache, WarmLoad } from './warm-load.js'
import type { WarmSettings } from './warm-options.js'
import { type WarmOutcome, type WarmProgress, WarmReport } from './warm-progress.js'
import type { WarmSource } from './warm-source.js'
import { WarmStoreWatch } from './warm-store-watch.js'

/** What a warming has come to. */
export interface WarmSummary extends Pick<WarmProgress, 'done' | WarmOutcome> {
  /** Whether the signal ended it before the items did. */
  readonly stopped: boolean
  readonly elapsed: Milliseconds
}

/** So many items, which may all be found in memory, before anything else of the process gets its turn. */
const ITEMS_PER_TURN = 100

/** How often an item is loaded whose value the store does not take. */
const MOST_LOADS = 3

/** What `getOrSet` says of options that would fail all items alike. */
const BAD_OPTIONS: readonly CacheErrorCode[] = ['ERR_CACHE_OPTION', 'ERR_CACHE_DURATION', 'ERR_CACHE_TAG']

interface UnderWay {
  readonly load: WarmLoad
  /** Never rejects. */
  readonly over: Promise<unknown>
}

/** One run over a source: pulls items, keeps a bounded number under way, and ends in order. */
export class Warming {
  readonly #cache: WarmCache
  readonly #source: WarmSource
  readonly #settings: WarmSettings
  readonly #report: WarmReport
  readonly #watch: WarmStoreWatch
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #byKey = new Map<string, UnderWay>()
  #tellRoom: () => void = () => {}
  #failure: { readonly error: unknown } | undefined
  #ended = false
  /** Items were begun, but not their loads. */
  #leftOut = false

  constructor(cache: WarmCache, source: WarmSource, settings: WarmSettings) {
    this.#cache = cache
    this.#source = source
    this.#settings = settings
    this.#report = new WarmReport(settings, settings.total ?? source.total)
    this.#watch = new WarmStoreWatch(cache, settings.clock, this.#stop.signal, error => this.#fail(error))
  }

  async run(): Promise<WarmSummary> {
    const { signal } = this.#settings
    const forget = signal && onAbort(signal, () => this.#stop.abort(signal.reason))
    if (signal?.aborted === true) this.#stop.abort(signal.reason)
    const unlisten = this.#cache.on(event => this.#note(event))
    try {
      await this.#pull()
    } catch (error) {
      // A source that heeds the signal rejects when it aborts.
      if (!this.#stop.signal.aborted) this.#fail(error)
    }
    await this.#source.close().catch(error => this.#fail(error))
    await Promise.all(this.#running)
    unlisten()
    forget?.()
    const counts = this.#report.end()
    if (this.#failure !== undefined) throw this.#failure.error
    return { ...counts, stopped: !this.#ended || this.#leftOut }
  }

  async #pull(): Promise<void> {
    const { signal } = this.#stop
    if (!signal.aborted) await this.#cache.ready()
    for (let pulled = 1; !signal.aborted; pulled++) {
      const next = await this.#source.next()
      if (next === undefined) {
        this.#ended = true
        return
      }
      await this.#room()
      if (pulled % ITEMS_PER_TURN === 0) await setImmediate()
      if (signal.aborted) return
      this.#start(next.item)
    }
  }

  /** Waits until another item may be begun. */
  async #room(): Promise<void> {
    if (this.#running.size < this.#settings.concurrency) return
    await new Promise<void>(resolve => {
      this.#tellRoom = resolve
    })
  }

  #start(item: unknown): void {
    const running = this.#warm(item).finally(() => {
      this.#running.delete(running)
      this.#tellRoom()
    })
    this.#running.add(running)
  }

  /** Never rejects. */
  async #warm(item: unknown): Promise<void> {
    try {
      this.#report.count(await this.#outcome(item))
    } catch (error) {
      const { signal } = this.#stop
      if (signal.aborted && error === signal.reason) {
        this.#leftOut = true
        return
      }
      this.#report.count('failed')
      await this.#failed(error, item)
    }
  }

  async #outcome(item: unknown): Promise<WarmOutcome> {
    const key = this.#keyOf(item)
    // What comes of the first of equal keys is there for the others.
    for (let before = this.#byKey.get(key); before !== undefined; before = this.#byKey.get(key)) {
      await before.over
    }
    const load = new WarmLoad(this.#cache, this.#settings, this.#stop.signal, key, item)
    const going = this.#obtain(load)
    this.#byKey.set(key, { load, over: going.catch(() => {}) })
    try {
      await going
    } catch (error) {
      if (!load.begun && BAD_OPTIONS.some(code => isCacheError(error, code))) this.#fail(error)
      throw error
    } finally {
      this.#byKey.delete(key)
    }
    return load.loaded ? 'loaded' : 'skipped'
  }

  #keyOf(item: unknown): string {
    const key = this.#settings.key(item)
    if (typeof key === 'string' && key !== '') return key
    throw new CacheError(
      'ERR_CACHE_KEY',
      `key of warm must return a non-empty string; it returned ${quote(key)} for ${quote(item)}`,
    )
  }

  /** Loads until the value is in the cache, as far as that is to be had. */
  async #obtain(load: WarmLoad): Promise<void> {
    let loads = 0
    const run = () => {
      loads++
      return load.run()
    }
    while (!(await this.#watch.run(run))) if (loads >= MOST_LOADS) throw load.lost
  }

  async #failed(error: unknown, item: unknown): Promise<void> {
    const { onError, signal } = this.#settings
    try {
      if (onError !== undefined) await onError(error, item)
      // After an abort its numbers are what was asked for.
      else if (signal?.aborted !== true) this.#fail(error)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop.abort(new DOMException('The warming has failed', 'AbortError'))
  }

  #note(event: CacheEvent): void {
    this.#watch.note(event)
    if ('key' in event) this.#byKey.get(event.key)?.load.note(event)
  }
}
