import type { Cache } from '../cache/cache.js'
import { type CacheInternals, internalsOf } from '../cache/cache-internals.js'
import { SET_MANY_NAMES } from '../cache/call-checks.js'
import type { GetOrSetOptions, Typed, UpdateOptions } from '../cache/call-options.js'
import { overrideSettings } from '../cache/settings.js'
import { CacheError } from '../errors.js'
import { checkKey } from '../keys/key.js'
import type { Loader } from '../loading/loader.js'
import { checkOptions } from '../options/options.js'
import { checkTagOption, tagsOf } from '../tags/tag-options.js'
import { checkValue } from '../values/schema-check.js'
import { handOut } from '../values/sharing.js'
import { BatchWriter } from './batch-writer.js'
import { PendingWrite } from './pending-write.js'
import { PendingWrites } from './pending-writes.js'
import { cacheUnwritten } from './unwritten-value.js'
import {
  checkWriteBehindOptions,
  type WriteBehindOptions,
  type WriteBehindSettings,
} from './write-behind-options.js'

/** Values that are served at once and written to the database later; see `writeBehind`. */
export interface WriteBehind<V = unknown, I = V> {
  /** How many values have not been written. */
  readonly pending: number
  /**
   * Takes a value to be written, and puts it into the cache; of several for one key the last counts.
   *
   * Resolves when both have it, which takes until there is room in the queue.
   *
   * @throws CacheError `ERR_CACHE_SCHEMA` for a value that does not match its schema; `ERR_CACHE_CLOSED` after `close`.
   */
  set(key: string, value: I, options?: UpdateOptions<V>): Promise<void>
  /** The value that waits to be written, else what the cache has. */
  get<T extends V = V>(key: string): Promise<T | undefined>
  /** The value that waits to be written, else what the cache has or loads. */
  getOrSet<T extends I>(key: string, load: Loader<T>, options?: GetOrSetOptions<T>): Promise<Typed<V, T>>
  /** Forgets a value that waits to be written, lets one finish that is being written, and deletes the key in the cache. */
  delete(key: string): Promise<boolean>
  /** Resolves when everything that was set before has been written, or given up. */
  flush(): Promise<void>
  /** Writes what is left, for at most `closeTimeout`; the cache's own `close` does so first. */
  close(): Promise<void>
}

/**
 * Serves values at once and writes them to the database in batches, for what changes often and may be lost: counts,
 * scores, last-seen times.
 *
 * Each key is written once per batch, with its last value. A failed write is tried again, beside what is new; what can't
 * be written in the end is reported, and deleted from the cache. Until it is written, this process reads a value through
 * the returned object, which knows it, and others from the cache, for at most `unwrittenTtl`. Then it is kept for its full
 * ttl if it still stands there, and else the key is deleted, as are values of the raw codecs in a remote store. **A crash
 * loses what was not written.**
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options.
 *
 * @example
 * const scores = writeBehind(cache, { write: entries => db.saveScores(entries), delay: '500ms' })
 * await scores.set('player:7', 1_200)
 * await scores.close()
 */
export function writeBehind<V, I, T extends V = V>(
  cache: Cache<V, I>,
  options: WriteBehindOptions<T>,
): WriteBehind<T, Typed<I, T>> {
  const internals = internalsOf(cache, 'writeBehind')
  const settings = checkWriteBehindOptions(options as WriteBehindOptions<never>)
  return new CacheWriteBehind<T, Typed<I, T>>(cache as unknown as Cache<T, Typed<I, T>>, internals, settings)
}

class CacheWriteBehind<V, I> implements WriteBehind<V, I> {
  readonly #cache: Cache<V, I>
  readonly #internals: CacheInternals
  readonly #settings: WriteBehindSettings
  readonly #writes: PendingWrites
  readonly #writer: BatchWriter
  readonly #finish = () => this.close()
  #closing: Promise<void> | undefined

  constructor(cache: Cache<V, I>, internals: CacheInternals, settings: WriteBehindSettings) {
    this.#cache = cache
    this.#internals = internals
    this.#settings = settings
    this.#writes = new PendingWrites(settings.queue)
    this.#writer = new BatchWriter(internals.engine, internals.share, settings, this.#writes)
    internals.engine.closing.add(this.#finish)
  }

  get pending(): number {
    return this.#writes.size
  }

  async set(key: string, value: I, options?: UpdateOptions<V>): Promise<void> {
    checkKey(key)
    checkOptions('set', options, SET_MANY_NAMES)
    const { engine, space, share, settings: inherited } = this.#internals
    const { tags, ...rest } = options ?? {}
    checkTagOption(tags, inherited.view.format)
    const settings = overrideSettings(inherited, rest)
    const { checkable, value: given } = await checkValue(settings.view.schema, value, key)
    // Its own, so that nobody changes what is going to be written.
    const checked = { checkable, value: handOut(share, given) }
    this.#checkOpen(key)
    const address = engine.tier.address(space, key)
    const intent = { address, checked, settings, tags: tagsOf(tags, given) }
    const write = new PendingWrite(intent, engine.clock.monotonic() + this.#settings.delay)
    const entering = this.#writes.enter(write)
    const { unwrittenTtl } = this.#settings
    write.cached = entering.then(async taken => {
      if (taken) await cacheUnwritten(engine, write, this.#writes, unwrittenTtl)
    })
    // Nothing is lost where that fails: the value waits to be written.
    write.cached.catch(() => {})
    // What was refused has been deleted since, or comes too late.
    if (await entering) this.#writer.wake(write)
    else this.#checkOpen(key)
    await write.cached
  }

  async get<T extends V = V>(key: string): Promise<T | undefined> {
    checkKey(key)
    const write = this.#writes.latest(key)
    return write === undefined ? this.#cache.get<T>(key) : (this.#shared(write) as T)
  }

  async getOrSet<T extends I>(
    key: string,
    load: Loader<T>,
    options?: GetOrSetOptions<T>,
  ): Promise<Typed<V, T>> {
    checkKey(key)
    const write = this.#writes.latest(key)
    if (write === undefined) return this.#cache.getOrSet(key, load, options)
    return this.#shared(write) as Typed<V, T>
  }

  async delete(key: string): Promise<boolean> {
    checkKey(key)
    const forgotten = this.#writes.forget(key)
    // Looked up now: what is set from here on comes after the delete, and is written.
    const underWay = this.#writes.underWay(key)
    // Whatever of it is on its way to the cache must not get there after the delete.
    await forgotten?.cached.catch(() => {})
    // An attempt that is under way comes to its end; it is the last one, unless a newer value has been set since.
    await underWay?.attempt
    if (underWay !== undefined && this.#writes.latest(key) === underWay) this.#writes.forget(key)
    return this.#cache.delete(key)
  }

  async flush(): Promise<void> {
    const all = this.#writes.all().map(({ done }) => done)
    this.#writer.hurry()
    await Promise.all(all)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#writes.close()
    await this.#writer.close()
    this.#internals.engine.closing.delete(this.#finish)
  }

  #checkOpen(key: string): void {
    if (this.#closing === undefined) return
    throw new CacheError(
      'ERR_CACHE_CLOSED',
      `'${key}' can't be written behind: close() was called; write it to the database, and delete the key`,
    )
  }

  #shared({ checked }: PendingWrite): unknown {
    return handOut(this.#internals.share, checked.value)
  }
}
