import type { EpochMs } from '../duration.js'
import type { Engine } from '../engine.js'
import { type KeySpace, localKey } from '../keys/key.js'
import type { LocalTags } from '../tags/local-tags.js'
import type { LocalEntry } from '../tiers/local-entry.js'
import type { LocalStore } from '../tiers/store.js'
import type { GetOrSetOptions } from './call-options.js'
import type { Settings } from './settings.js'

type Options = GetOrSetOptions<never> | undefined

/** What becomes of a call that found an entry: it is served, served while it is refreshed early, or takes the long way. */
export type LocalVerdict = 'serve' | 'refresh' | 'ask'

/**
 * The short way of a hit: a fresh entry of the local store, served without waiting.
 *
 * What is found out of an entry the first time is remembered with it as an instant: until then a hit asks nothing but
 * the time.
 */
export class LocalHits {
  readonly #engine: Engine
  readonly #settings: Settings
  readonly #store: LocalStore
  readonly #tags: LocalTags
  readonly #space: KeySpace
  readonly #guardOptions: readonly string[]

  constructor(engine: Engine, local: NonNullable<Engine['local']>, space: KeySpace, settings: Settings) {
    this.#engine = engine
    this.#settings = settings
    this.#store = local.store
    this.#tags = local.tags
    this.#space = space
    this.#guardOptions = settings.guard.names
  }

  /** What the local store has at a key; what is no key is left to the long way. */
  entry(key: string): LocalEntry | undefined {
    if (typeof key !== 'string') return undefined
    return this.#store.get(localKey(this.#space, key)) as LocalEntry | undefined
  }

  /** What becomes of a call that found this entry. */
  judge(entry: LocalEntry, options: Options, now: EpochMs): LocalVerdict {
    const vouched = entry.isVouchedFor(this.#settings, now, this.#tags)
    if (vouched && (options === undefined || this.#asksNoMore(entry, options))) return 'serve'
    if (!this.#serves(entry, options, now)) return 'ask'
    const early = this.#wantsRefresh(entry, options, now)
    if (early === undefined) return 'ask'
    if (early) return 'refresh'
    if (options === undefined || this.#asksNoMore(entry, options)) this.#vouch(entry)
    return 'serve'
  }

  /** Whether an entry may be shown to somebody who would not load. */
  shows(entry: LocalEntry, now: EpochMs): boolean {
    if (entry.isVouchedFor(this.#settings, now, this.#tags)) return true
    if (!this.#serves(entry, undefined, now)) return false
    this.#vouch(entry)
    return true
  }

  /** Whether an entry is fresh, trusted, and what the call asks for. */
  #serves(entry: LocalEntry, options: Options, now: EpochMs): boolean {
    if (now >= entry.staleAt || !entry.isTrusted(this.#engine.clock)) return false
    if (options?.refresh === true || options?.signal?.aborted === true) return false
    const { view } = this.#settings
    const schema = options?.schema ?? view.schema
    if (schema !== undefined && entry.schema !== schema) return false
    if (!hasNamed(entry, options?.tags)) return false
    if (entry.validity(this.#tags) !== 'valid') return false
    return entry.schemaVersion === (options?.version ?? view.schemaVersion)
  }

  /** What the guard says of a fresh entry; `undefined` where asking it throws, which is left to the long way to tell. */
  #wantsRefresh(entry: LocalEntry, options: Options, now: EpochMs): boolean | undefined {
    const { guard, clock } = this.#engine
    if (guard?.shouldRefresh === undefined) return false
    try {
      const settings = this.#settings.guard.seenBy(options)
      return guard.shouldRefresh(entry, now, clock.random, settings) === true
    } catch {
      return undefined
    }
  }

  /** Whether a call asks nothing of the entry that its view does not, except for tags that the entry has. */
  #asksNoMore(entry: LocalEntry, options: Options): boolean {
    // What is no options at all is left to a miss to refuse.
    if (options?.refresh === true || options?.signal?.aborted === true) return false
    if (options?.schema !== undefined || options?.version !== undefined) return false
    const given = options as Readonly<Record<string, unknown>> | undefined
    for (const name of this.#guardOptions) if (given?.[name] !== undefined) return false
    return hasNamed(entry, options?.tags)
  }

  /** Remembers until when hits need not be judged again. */
  #vouch(entry: LocalEntry): void {
    // The trust in a copy that nobody can call back is counted by another clock.
    if (entry.wasVouchedFor(this.#settings) || entry.trustedUntil !== Number.POSITIVE_INFINITY) return
    const { guard } = this.#engine
    if (guard?.shouldRefresh === undefined) {
      entry.vouch(this.#settings, entry.staleAt)
      return
    }
    if (guard.refreshesFrom === undefined) return
    try {
      const from = guard.refreshesFrom(entry, this.#settings.guard)
      entry.vouch(this.#settings, Math.min(entry.staleAt, from))
    } catch {
      // It is asked at every hit then.
    }
  }
}

/** Whether an entry has the tags that a call names; a function computes them, and names none. */
function hasNamed(entry: LocalEntry, named: unknown): boolean {
  return !Array.isArray(named) || entry.hasTags(named)
}
