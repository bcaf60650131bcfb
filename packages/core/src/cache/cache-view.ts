import { atMost } from '../at-most.js'
import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import type { Engine } from '../engine.js'
import { quote } from '../errors.js'
import type { CacheListener } from '../events.js'
import { collectInvalidation, type Invalidation } from '../invalidation/collected-invalidation.js'
import type { InvalidationKind } from '../invalidation/deliver.js'
import { type InvalidateAfterOptions, invalidateAfter } from '../invalidation/invalidate-after.js'
import { clear, invalidateKeys, invalidateTags } from '../invalidation/invalidation.js'
import { checkKey, childSpace, type KeySpace } from '../keys/key.js'
import { lifetimeOf } from '../loading/lifetime.js'
import type { BatchMember } from '../loading/load-batch.js'
import type { Loader } from '../loading/loader.js'
import { readThrough } from '../loading/read-through.js'
import { checkOptions } from '../options/options.js'
import type { CacheStats } from '../stats.js'
import { checkTagList } from '../tags/tag-names.js'
import { checkTagOption, tagsOf } from '../tags/tag-options.js'
import type { TagOption } from '../tags/tag-plan.js'
import { CALLS_AT_ONCE } from '../tiers/store-calls.js'
import type { Address, View } from '../tiers/tier.js'
import type { EntryMeta } from '../values/entry.js'
import { checkValue } from '../values/schema-check.js'
import { handOut, type Share } from '../values/sharing.js'
import type { Cache } from './cache.js'
import { openInternals } from './cache-internals.js'
import {
  checkChange,
  checkEntries,
  checkKeys,
  GET_OR_SET_NAMES,
  READ_NAMES,
  SET_MANY_NAMES,
  SET_NAMES,
} from './call-checks.js'
import type {
  CountOptions,
  GetOrSetOptions,
  Lookup,
  ReadOptions,
  SetOptions,
  Typed,
  UpdateOptions,
} from './call-options.js'
import { type ConfiguredNamespaces, configure, configuredFor } from './configured-namespaces.js'
import { count } from './count.js'
import { checkCountOptions, checkStep, countFor } from './count-arguments.js'
import { FoundVersion, lookedFor, slotToReplace } from './found-version.js'
import { readFresh, readManyFresh } from './fresh-reads.js'
import { GetOrSetCall } from './get-or-set-call.js'
import { GET_OR_SET_MANY_NAMES, type GetOrSetManyOptions, getOrSetMany } from './get-or-set-many.js'
import { LocalHits } from './local-hits.js'
import { planLoad } from './plan-load.js'
import {
  extendSettings,
  type NamespaceOptions,
  overrideSettings,
  overrideView,
  type Settings,
} from './settings.js'
import { updateValue } from './update.js'
import { type WrapOptions, type Wrapped, wrapFunction } from './wrap.js'
import { writeValue } from './write.js'
import { tagsToWrite } from './written-tags.js'

const READY_TIMEOUT: Milliseconds = 2_000

/**
 * A cache, or a namespace of one: where its keys are, how its values are kept, and the engine they share.
 *
 * It is long because `Cache` has many methods; each only checks its arguments and hands over.
 */
export class CacheView<V, I> implements Cache<V, I> {
  readonly #engine: Engine
  readonly #space: KeySpace
  readonly #settings: Settings
  readonly #namespaces: ConfiguredNamespaces | undefined
  readonly #share: Share | undefined
  readonly #close: () => Promise<void>
  readonly #hits: LocalHits | undefined

  constructor(
    engine: Engine,
    space: KeySpace,
    settings: Settings,
    namespaces: ConfiguredNamespaces | undefined,
    share: Share | undefined,
    close: () => Promise<void>,
  ) {
    this.#engine = engine
    this.#space = space
    this.#settings = settings
    this.#namespaces = namespaces
    this.#share = share
    this.#close = close
    this.#hits = engine.local && new LocalHits(engine, engine.local, space, settings)
    openInternals(this, { engine, space, settings, share })
  }

  get path(): string {
    return this.#space.path
  }

  getOrSet<T extends I>(key: string, load: Loader<T>, options?: GetOrSetOptions<T>): Promise<Typed<V, T>> {
    return this.#getOrSet(key, load, options, undefined) as Promise<Typed<V, T>>
  }

  async getOrSetMany<Item, T extends I>(
    items: Iterable<Item>,
    options: GetOrSetManyOptions<Item, T>,
  ): Promise<Typed<V, T>[]> {
    const { names } = this.#settings.guard
    checkOptions('getOrSetMany', options ?? {}, [...GET_OR_SET_MANY_NAMES, ...GET_OR_SET_NAMES, ...names])
    const one = this.#getOrSet.bind(this)
    const values = await getOrSetMany(items, options ?? {}, this.#engine.clock, one)
    return values as Typed<V, T>[]
  }

  peek<T extends V = V>(key: string): T | undefined {
    const hits = this.#hits
    if (hits === undefined) return undefined
    const now = this.#engine.clock.now()
    const entry = hits.entry(key)
    return entry !== undefined && hits.shows(entry, now) ? (this.#shared(entry.value) as T) : undefined
  }

  async get<T extends V = V>(key: string, options?: ReadOptions): Promise<T | undefined> {
    const entry = await readFresh(this.#engine, this.#address(key), this.#readView(options))
    return entry === undefined ? undefined : (this.#shared(entry.value) as T)
  }

  async has(key: string, options?: ReadOptions): Promise<boolean> {
    return (await readFresh(this.#engine, this.#address(key), this.#readView(options))) !== undefined
  }

  async lookup<T extends V = V>(key: string, options?: ReadOptions): Promise<Lookup<T>> {
    const address = this.#address(key)
    // The copy of a local tier has no version to compare with.
    const since = this.#engine.copies?.since()
    const slot = await this.#engine.tier.read(address, this.#readView(options))
    const version = new FoundVersion(this.#engine, address, slot, since)
    if (slot.kind !== 'value') return { state: 'miss', version }
    const { createdAt, staleAt, deleteAt } = slot.entry
    const value = this.#shared(slot.entry.value) as T
    const state = this.#engine.clock.now() < staleAt ? 'fresh' : 'stale'
    return { state, value, createdAt, staleAt, deleteAt, version }
  }

  async getMany<T extends V = V>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, T>> {
    const addresses = this.#addresses(keys)
    const entries = await readManyFresh(this.#engine, addresses, this.#readView(options))
    const found = new Map<string, T>()
    for (const [index, { key }] of addresses.entries()) {
      const entry = entries[index]
      if (entry !== undefined) found.set(key, this.#shared(entry.value) as T)
    }
    return found
  }

  async set(key: string, value: I, options?: SetOptions<V>): Promise<boolean> {
    const address = this.#address(key)
    checkOptions('set', options, SET_NAMES)
    const settings = options === undefined ? this.#settings : overrideSettings(this.#settings, options)
    checkTagOption(options?.tags, this.#settings.view.format)
    const over = slotToReplace(options?.ifVersion, this.#engine, address)
    // What its tags were when the value was looked for, or now.
    const since = over === undefined ? this.#engine.copies?.since() : lookedFor(options?.ifVersion)
    const { view } = settings
    const checked = await checkValue(view.schema, value, key)
    const lifetime = lifetimeOf(checked.value, undefined, settings, this.#engine.clock)
    const names = tagsOf(options?.tags, checked.value)
    const tagged = lifetime && (await tagsToWrite(this.#engine, { address, view, names, lifetime, over }))
    const write = { address, view, checked, tagged, lifetime, over, since }
    return (await writeValue(this.#engine, write)) !== undefined
  }

  async setMany(
    entries: Iterable<readonly [string, I]>,
    options?: Omit<SetOptions<V>, 'ifVersion'>,
  ): Promise<boolean> {
    checkOptions('setMany', options, SET_MANY_NAMES)
    const all = checkEntries(entries)
    const stored = await atMost(CALLS_AT_ONCE, all, ([key, value]) => this.set(key, value, options))
    return !stored.includes(false)
  }

  async update<T extends V = V>(
    key: string,
    change: (current: T | undefined) => unknown,
    options?: UpdateOptions<T>,
  ): Promise<T> {
    const address = this.#address(key)
    checkOptions('update', options, SET_MANY_NAMES)
    checkChange(change)
    const { tags, ...rest } = options ?? {}
    checkTagOption(tags, this.#settings.view.format)
    const next = await updateValue(this.#engine, {
      address,
      settings: overrideSettings(this.#settings, rest),
      share: this.#share,
      change: change as (current: unknown) => unknown,
      tags: tags as TagOption,
    })
    return this.#shared(next) as T
  }

  increment(key: string, by: bigint, options?: CountOptions): Promise<bigint>
  increment(key: string, by?: number, options?: CountOptions): Promise<number>
  increment(key: string, by: number | bigint, options?: CountOptions): Promise<number | bigint>
  async increment(key: string, by: number | bigint = 1, options?: CountOptions): Promise<number | bigint> {
    const address = this.#address(key)
    const step = checkStep(by)
    const counting = checkCountOptions(options, this.#settings)
    return countFor(by, key, await count(this.#engine, address, this.#settings.view, step, counting))
  }

  async delete(key: string): Promise<boolean> {
    return invalidateKeys(this.#engine, 'delete', [this.#address(key)])
  }

  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return invalidateKeys(this.#engine, 'delete', this.#addresses(keys))
  }

  async expire(key: string): Promise<boolean> {
    return invalidateKeys(this.#engine, 'expire', [this.#address(key)])
  }

  async deleteTags(tags: readonly string[]): Promise<boolean> {
    return this.#invalidateTags('delete', tags, 'deleteTags')
  }

  async invalidateTags(tags: readonly string[]): Promise<boolean> {
    return this.#invalidateTags('delete', tags, 'invalidateTags')
  }

  async expireTags(tags: readonly string[]): Promise<boolean> {
    return this.#invalidateTags('expire', tags, 'expireTags')
  }

  namespace<T extends V = V>(name: string, defaults?: NamespaceOptions): Cache<T, never> {
    const space = childSpace(this.#space, name)
    const what = `namespace(${quote(name)})`
    const configured = configuredFor(this.#namespaces, name)
    const settings = configure(what, extendSettings(what, this.#settings, defaults), configured)
    return new CacheView<T, never>(
      this.#engine,
      space,
      settings,
      configured?.namespaces,
      this.#share,
      this.#close,
    )
  }

  wrap<F extends (...args: never[]) => I | PromiseLike<I>>(
    fn: F,
    options: WrapOptions<Parameters<F>, Awaited<ReturnType<F>>>,
  ): Wrapped<F, Typed<V, Awaited<ReturnType<F>>>> {
    const { names } = this.#settings.guard
    const target = this as unknown as Cache
    const wrapped = wrapFunction<F, Typed<V, Awaited<ReturnType<F>>>>(target, fn, options, names)
    // What can be checked now is not left to the first miss.
    const { key: _, ...rest } = options
    planLoad(this.#settings, this.#share, () => undefined, rest as GetOrSetOptions<never>)
    return wrapped
  }

  invalidateAfter<R>(write: () => R | PromiseLike<R>, options: InvalidateAfterOptions<R>): Promise<R> {
    return invalidateAfter(this, write, options)
  }

  invalidation(): Invalidation {
    return collectInvalidation(this)
  }

  async clear(): Promise<boolean> {
    return clear(this.#engine, this.#space)
  }

  on(listener: CacheListener): () => void {
    return this.#engine.events.on(listener)
  }

  stats(): CacheStats {
    return this.#engine.counters.snapshot()
  }

  async ready(options?: { readonly timeout?: Duration }): Promise<void> {
    checkOptions('ready', options, ['timeout'])
    const timeout = options?.timeout === undefined ? READY_TIMEOUT : parseDuration(options.timeout, 'timeout')
    await this.#engine.tier.ping(timeout)
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** The short way of a hit in the local store; `member` where it is one of many items. */
  #getOrSet(
    key: string,
    load: Loader<unknown>,
    options: GetOrSetOptions<never> | undefined,
    member: BatchMember | undefined,
  ): Promise<unknown> {
    const hits = this.#hits
    if (hits === undefined) return this.#readThrough(key, load, options, undefined, member)
    const { clock, counters, events } = this.#engine
    // Before the look-up: to read a clock the processor first waits for what it has asked of its memory.
    const now = clock.now()
    const entry = hits.entry(key)
    if (entry === undefined) return this.#readThrough(key, load, options, undefined, member)
    const verdict = hits.judge(entry, options, now)
    if (verdict !== 'serve') {
      return this.#readThrough(key, load, options, verdict === 'refresh' ? entry : undefined, member)
    }
    counters.localHits++
    if (events.active) events.emit({ type: 'hit', key, tier: 'local', stale: false })
    const share = this.#share
    return share === undefined ? entry.served : Promise.resolve(handOut(share, entry.value))
  }

  #readThrough(
    key: string,
    load: Loader<unknown>,
    options: GetOrSetOptions<never> | undefined,
    early: EntryMeta | undefined,
    member: BatchMember | undefined,
  ): Promise<unknown> {
    try {
      const address = this.#address(key)
      const call = new GetOrSetCall(address, this.#settings, this.#share, load, options, early, member)
      return readThrough(this.#engine, call)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #readView(options: ReadOptions | undefined): View {
    checkOptions('a read', options, READ_NAMES)
    return overrideView(this.#settings.view, options)
  }

  async #invalidateTags(kind: InvalidationKind, tags: readonly string[], what: string): Promise<boolean> {
    const names = checkTagList(tags, what)
    const { ttl, grace } = this.#settings
    const lifetime = ttl + grace + this.#engine.claimTtl
    return invalidateTags(this.#engine, kind, { space: this.#space, names, lifetime })
  }

  #address(key: string): Address {
    checkKey(key)
    return this.#engine.tier.address(this.#space, key)
  }

  #addresses(keys: readonly string[]): Address[] {
    checkKeys(keys)
    return keys.map(key => this.#address(key))
  }

  #shared(value: unknown): unknown {
    return handOut(this.#share, value)
  }
}
