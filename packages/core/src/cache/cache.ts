import type { Duration } from '../duration.js'
import type { CacheListener } from '../events.js'
import type { Invalidation } from '../invalidation/collected-invalidation.js'
import type { InvalidateAfterOptions } from '../invalidation/invalidate-after.js'
import type { Loader } from '../loading/loader.js'
import type { CacheStats } from '../stats.js'
import type { InferInput, InferOutput, StandardSchema } from '../values/standard-schema.js'
import type {
  CountOptions,
  GetOrSetOptions,
  Lookup,
  ReadOptions,
  SetOptions,
  Typed,
  UpdateOptions,
} from './call-options.js'
import type {
  LoadManyByItem,
  LoadManyInOrder,
  ManyBy,
  RejectingErrors,
  ReturningErrors,
} from './get-or-set-many.js'
import type { NamespaceOptions } from './settings.js'
import type { WrapOptions, Wrapped } from './wrap.js'

/**
 * A cache over a store: wraps slow queries, and invalidates them on write.
 *
 * Once an invalidation has resolved, no value whose load began before it is served as fresh, by any process.
 * What the store does wrong is a miss and an event, never an error of the caller; only bad arguments reject,
 * with a `CacheError`: `ERR_CACHE_KEY` for a key that is not a non-empty string, `ERR_CACHE_OPTION` and
 * `ERR_CACHE_DURATION` for options.
 *
 * `V` is the type of the values: `unknown` at the root, where each call has its own. `I` is what loaders return and
 * `set` takes, which differs from `V` under a schema that transforms.
 */
export interface Cache<V = unknown, I = V> {
  /** The prefix and the namespaces of this view, joined by `:`. */
  readonly path: string

  /**
   * The value at `key`; on a miss what `load` returns, which is stored for `ttl`.
   *
   * The loader's error reaches the caller as it is, unless a stale value within grace stands in. A value that
   * can't be stored is returned all the same. Concurrent callers share a load as far as the guard lets them.
   *
   * @throws CacheError `ERR_CACHE_LOAD_TIMEOUT` past `hardTimeout`; `ERR_CACHE_SCHEMA` when the loaded value
   * does not match `schema`; the signal's reason when it aborts.
   *
   * @example
   * const user = await cache.getOrSet(`user:${id}`, () => db.findUser(id), { ttl: '5m' })
   */
  getOrSet<S extends StandardSchema>(
    key: string,
    load: Loader<unknown>,
    options: GetOrSetOptions<InferOutput<S>> & { readonly schema: S },
  ): Promise<Typed<V, InferOutput<S>>>
  getOrSet<T extends I>(key: string, load: Loader<T>, options?: GetOrSetOptions<T>): Promise<Typed<V, T>>

  /**
   * The values of `items`, in their order; those that are missing are loaded by one call of `load`.
   *
   * Each key is read, coalesced, claimed and stored as by `getOrSet`, all of them together: one round trip for the hits.
   * `load` returns a Map by item, or an array in the order of the items it was given; an `Error` in the place of a value
   * is the failure of that item alone, and an item that the Map lacks is `undefined`, which is kept for `negativeTtl`, or
   * fails where the schema refuses it.
   * It is called again for items that another process was loading and has not finished. A `schema` is best set on a
   * namespace, whose types know its output.
   *
   * A failed item rejects the call with its error, when all are settled, and those that were loaded are stored all the
   * same; with `onError: 'return'` the error stands in its place.
   *
   * @throws CacheError as `getOrSet` does; `ERR_CACHE_OPTION` for an array of another length.
   *
   * @example
   * const users = await cache.getOrSetMany([7, 8, 9], {
   *   key: id => `user:${id}`,
   *   load: async ids => new Map((await db.findUsers(ids)).map(user => [user.id, user])),
   *   ttl: '5m',
   * })
   */
  getOrSetMany<Item, T extends I>(
    items: Iterable<Item>,
    options: ManyBy<Item, T, LoadManyByItem<Item, T>> & ReturningErrors,
  ): Promise<(Typed<V, T> | undefined | Error)[]>
  getOrSetMany<Item, T extends I>(
    items: Iterable<Item>,
    options: ManyBy<Item, T, LoadManyInOrder<Item, T>> & ReturningErrors,
  ): Promise<(Typed<V, T> | Error)[]>
  getOrSetMany<Item, T extends I>(
    items: Iterable<Item>,
    options: ManyBy<Item, T, LoadManyByItem<Item, T>> & RejectingErrors,
  ): Promise<(Typed<V, T> | undefined)[]>
  getOrSetMany<Item, T extends I>(
    items: Iterable<Item>,
    options: ManyBy<Item, T, LoadManyInOrder<Item, T>> & RejectingErrors,
  ): Promise<Typed<V, T>[]>

  /** The fresh value at `key`; `undefined` on a miss. `lookup` tells a cached `undefined` apart. */
  get<S extends StandardSchema>(
    key: string,
    options: ReadOptions & { readonly schema: S },
  ): Promise<InferOutput<S> | undefined>
  get<T extends V = V>(key: string, options?: ReadOptions): Promise<T | undefined>

  /** What stands at `key`, fresh or stale, with its instants and the version to `set` by. Counts in no statistics. */
  lookup<S extends StandardSchema>(
    key: string,
    options: ReadOptions & { readonly schema: S },
  ): Promise<Lookup<InferOutput<S>>>
  lookup<T extends V = V>(key: string, options?: ReadOptions): Promise<Lookup<T>>

  /** The fresh value in the local store, synchronously; always `undefined` without one. Counts in no statistics. */
  peek<T extends V = V>(key: string): T | undefined

  /** Whether there is a fresh value at `key`; its payload is read all the same. */
  has(key: string, options?: ReadOptions): Promise<boolean>

  /**
   * Stores a value; resolves to whether it was.
   *
   * A plain write, outside the promise: the application vouches that the value is current. A value that can't
   * be stored (`ttl: 0`, not encodable, too large) deletes the key, so that an older one can't outlive it.
   *
   * @throws CacheError `ERR_CACHE_SCHEMA` when the value does not match `schema`.
   */
  set(key: string, value: I, options?: SetOptions<V>): Promise<boolean>

  /**
   * Changes the value at `key` by compare-and-set, and resolves to what it stored.
   *
   * `change` gets the fresh value that is there, or `undefined`, and returns the next one, which is another object. It is
   * called again with what others have stored meanwhile, so it must do nothing else. Tags are those of the call. Unlike a `set`, what can't be stored rejects and leaves
   * the old value; a `ttl` of 0 deletes it.
   *
   * @throws CacheError `ERR_CACHE_CONTENTION` when others came in between a hundred times; `ERR_CACHE_UNAVAILABLE`,
   * `ERR_CACHE_TIMEOUT` or `ERR_CACHE_STORE` where the store does not answer, after the last two it may have been stored;
   * `ERR_CACHE_TOO_LARGE`, `ERR_CACHE_NOT_ENCODABLE`, `ERR_CACHE_SCHEMA` for a value that does not fit;
   * `ERR_CACHE_UNSUPPORTED` over a value of a newer `version`. What `change` throws reaches the caller as it is.
   *
   * @example
   * await cache.update<string[]>('recent', (recent = []) => [page, ...recent].slice(0, 10), { ttl: '1h' })
   */
  update<T extends V & I = V & I>(
    key: string,
    change: (current: T | undefined) => T | PromiseLike<T>,
    options?: UpdateOptions<T>,
  ): Promise<T>
  update(
    key: string,
    change: (current: V | undefined) => I | PromiseLike<I>,
    options?: UpdateOptions<V>,
  ): Promise<V>

  /**
   * Adds `by` to the counter at `key`, and resolves to what it is now; a negative `by` counts down.
   *
   * Counters are integers from 0 to 2^63 - 1, stop at 0, and live for the ttl they began with. They are plain digits in
   * the store, for programs in other languages too; `get` reads them, as a number or beyond 2^53 - 1 as a bigint. A
   * bigint `by` gives a bigint. They have no tags; `clear()` on memcached spares them.
   *
   * @throws CacheError `ERR_CACHE_COUNTER` where the key holds a value, or the sum would pass 2^63 - 1; also where a number
   * can't hold it, then it has been counted. Without the store there is no count: `ERR_CACHE_UNAVAILABLE`, or
   * `ERR_CACHE_TIMEOUT` and `ERR_CACHE_STORE`, after which it may have been counted.
   *
   * @example
   * const visits = await cache.increment('visits', 1, { ttl: '1d' })
   */
  increment(key: string, by: bigint, options?: CountOptions): Promise<bigint>
  increment(key: string, by?: number, options?: CountOptions): Promise<number>
  increment(key: string, by: number | bigint, options?: CountOptions): Promise<number | bigint>

  /**
   * Deletes `key`; loads that are under way won't be stored. Resolves to whether the store took it.
   *
   * Call it after the write has committed. A plain `DEL` by any other client has the same effect. What the store
   * could not take is read as if the store did not answer, in this process, and sent again until it lands.
   *
   * @throws CacheError `ERR_CACHE_UNDELIVERED` where the store did not take it, with `onUndelivered: 'reject'`.
   */
  delete(key: string): Promise<boolean>

  /** Makes the value stale but keeps it for its grace; without grace it is a `delete`. Resolves as `delete` does. */
  expire(key: string): Promise<boolean>

  /** The fresh values among `keys`, in one round trip per server; missing ones are not in the map. */
  getMany<T extends V = V>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, T>>

  /** Stores each entry as `set` does; resolves to whether all were stored. */
  setMany(
    entries: Iterable<readonly [string, I]>,
    options?: Omit<SetOptions<V>, 'ifVersion'>,
  ): Promise<boolean>

  /** Deletes all `keys`, in one round trip per server; resolves as `delete` does. */
  deleteMany(keys: readonly string[]): Promise<boolean>

  /**
   * Deletes everything in this namespace that has one of `tags`, in the time of two writes; resolves as `delete` does.
   *
   * Tags belong to their namespace: those of other namespaces, nested ones too, are others.
   *
   * @throws CacheError `ERR_CACHE_TAG` for what is no array of tags; `ERR_CACHE_UNDELIVERED` as `delete` does.
   *
   * @example
   * await cache.getOrSet('user:42', () => db.findUser(42), { tags: ['users'] })
   * await cache.deleteTags(['users'])
   */
  deleteTags(tags: readonly string[]): Promise<boolean>

  /** `deleteTags` by another name. */
  invalidateTags(tags: readonly string[]): Promise<boolean>

  /** Makes stale what has one of `tags`, keeping it for its grace; without grace it is a `deleteTags`. */
  expireTags(tags: readonly string[]): Promise<boolean>

  /**
   * A view on the same store whose keys have the prefix `name` and whose calls have `defaults`.
   *
   * Names consist of `[A-Za-z0-9_.-]`; namespaces nest, and inherit what they don't set.
   *
   * @throws CacheError `ERR_CACHE_NAMESPACE` for another name.
   *
   * @example
   * const users = cache.namespace<User>('users', { ttl: '10m' })
   */
  namespace<S extends StandardSchema>(
    name: string,
    defaults: NamespaceOptions & { readonly schema: S },
  ): Cache<InferOutput<S>, InferInput<S>>
  namespace<T extends V = V>(name: string, defaults?: NamespaceOptions): Cache<T>

  /**
   * `fn`, cached: the same parameters, the same result, and `delete`, `refresh`, `key` and `original` beside it.
   *
   * @example
   * const findUser = cache.wrap((id: number) => db.findUser(id), { key: 'user', ttl: '5m' })
   * await findUser(42)
   * await findUser.delete(42)
   */
  wrap<S extends StandardSchema, F extends (...args: never[]) => InferInput<S> | PromiseLike<InferInput<S>>>(
    fn: F,
    options: WrapOptions<Parameters<F>, InferOutput<S>> & { readonly schema: S },
  ): Wrapped<F, InferOutput<S>>
  wrap<F extends (...args: never[]) => I | PromiseLike<I>>(
    fn: F,
    options: WrapOptions<Parameters<F>, Awaited<ReturnType<F>>>,
  ): Wrapped<F, Typed<V, Awaited<ReturnType<F>>>>

  /**
   * Runs a write and then deletes `keys` and `tags`, also when the write rejects: it may have committed all the same.
   *
   * Resolves and rejects as the write does.
   *
   * @throws CacheError `ERR_CACHE_INVALIDATION`, with the write's `result`, when they can't be told or are bad, and
   * with `onUndelivered: 'reject'` where the store did not take them.
   *
   * @example
   * await cache.invalidateAfter(() => db.updateUser(user), { keys: [`user:${user.id}`], tags: ['users'] })
   */
  invalidateAfter<R>(write: () => R | PromiseLike<R>, options: InvalidateAfterOptions<R>): Promise<R>

  /**
   * Collects keys and tags while a transaction runs, and deletes them after it has committed.
   *
   * @example
   * const invalidation = cache.invalidation()
   * await db.transaction(async tx => { await tx.rename(user); invalidation.keys(`user:${user.id}`) })
   * await invalidation.run()
   */
  invalidation(): Invalidation

  /**
   * Deletes everything under this view's prefix and in its namespaces, and nothing else; resolves as `delete` does.
   *
   * Where the store can't list its keys (memcached) it takes one second, and spares counters and values without a
   * frame, which expire by themselves.
   *
   * @throws CacheError `ERR_CACHE_UNSUPPORTED` without a prefix; `ERR_CACHE_UNDELIVERED` as `delete` does.
   */
  clear(): Promise<boolean>

  /** Calls `listener` for each event of the cache and all its namespaces; returns the function that ends that. */
  on(listener: CacheListener): () => void

  /** Counters and latencies since the cache was created, over all its namespaces. */
  stats(): CacheStats

  /**
   * Resolves once the store answers, for those who want to fail at start.
   *
   * @throws CacheError `ERR_CACHE_UNAVAILABLE` when it has not within `timeout`, 2 s by default.
   */
  ready(options?: { readonly timeout?: Duration }): Promise<void>

  /**
   * Waits up to 5 s for the work under way, aborts the rest, and closes the store, unless another cache uses it.
   *
   * A remote store that was closed behaves as one that is down: reads miss, loaders run, `ready()` rejects. A local
   * store has nothing to close. Closing a namespace closes its cache; closing twice does nothing.
   */
  close(): Promise<void>
}
