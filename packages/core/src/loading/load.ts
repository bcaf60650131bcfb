import type { Abort } from '../abort.js'
import { abortable } from '../abortable.js'
import type { WaitUntil } from '../background.js'
import type { Settings } from '../cache/settings.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError, isCacheError } from '../errors.js'
import type { LoadReason } from '../events.js'
import type { TagsAfter, TagsBefore } from '../tags/tag-load.js'
import { checkTags, NO_TAGS } from '../tags/tag-names.js'
import { checkTagOption } from '../tags/tag-options.js'
import type { Tagged } from '../tags/token.js'
import type { Since } from '../tiers/local-copies.js'
import type { Address } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'
import type { Share } from '../values/sharing.js'
import type { Claim } from './claim.js'
import { abandonResult, commitResult, discardResult } from './commit.js'
import { keptFor, lifetimeOf } from './lifetime.js'
import type { BatchMember } from './load-batch.js'
import { type Loaded, type Loader, runLoader } from './loader.js'

/** What a call asks for: how to load, and how to keep what was loaded. */
export interface LoadPlan {
  readonly loader: Loader<unknown>
  readonly settings: Settings
  /** The ttl of a loaded value; `undefined` leaves it to the settings. */
  readonly ttlOf: ((value: unknown) => Milliseconds) | undefined
  /** The tags of a loaded value, besides those that the view names; `undefined` for none. */
  readonly tagsOf: ((value: unknown) => readonly string[]) | undefined
  /** Makes the previous value the loader's own, where readers don't share values. */
  readonly share: Share | undefined
  /** The call waits for less than others of its cache. */
  readonly impatient: boolean
  /** The call for many items that it is one of. */
  readonly member: BatchMember | undefined
  /** Told of what goes on once the call has been answered. */
  readonly waitUntil: WaitUntil | undefined
}

/** One run of a loader. */
interface Load {
  readonly address: Address
  readonly reason: LoadReason
  readonly claim: Claim | undefined
  readonly abort: Abort
  /** What is to be replaced. */
  readonly previous: unknown
  /** No caller waits for it. */
  readonly background: boolean
  /** The store did not answer before. */
  readonly unreachable: boolean
  readonly since: Since | undefined
  /** `undefined` where nothing is to be stored. */
  readonly tags: TagsBefore | undefined
  /** Whether the key was invalidated in this process since the flight began. */
  detached(): boolean
  /** Whether callers have joined since it began, who go by what is known of its tags in the end. */
  joined(): boolean
  /** A tag that the value turned out to have was invalidated meanwhile: whoever has joined has to look again. */
  overtaken(): void
}

/** Runs the loader, and stores what it returns as far as the claim allows; a loader that fails leaves the claim. */
export async function loadAndStore(engine: Engine, plan: LoadPlan, load: Load): Promise<Entry<unknown>> {
  const { clock, counters, events, flights } = engine
  const { address, reason, claim, abort } = load
  const { settings, ttlOf } = plan
  const { key, at } = address
  claim?.keepAlive(clock)
  const createdAt = clock.now()
  const startedAt = clock.monotonic()
  let loaded: Loaded
  let ttl: Milliseconds | undefined
  let names: readonly string[]
  let returned = false
  try {
    loaded = await abortable(callLoader(plan, load), abort)
    returned = true
    ttl = loaded.ttl ?? ttlOf?.(loaded.value)
    names = tagNames(plan, loaded)
  } catch (error) {
    counters.loadErrors++
    // What the caller brought says nothing about the key, and neither does a load that an invalidation has overtaken.
    const telling = abort.aborted ? tellsOfTheKey(plan, abort) : !returned
    if (telling && !load.detached()) flights.failed(at, settings.view, error, clock.monotonic())
    if (events.active) events.emit({ type: 'load-error', key, reason, error })
    throw error
  }
  const loadTime = clock.monotonic() - startedAt
  flights.succeeded(at)
  counters.loads++
  counters.loadTime.record(loadTime)
  if (events.active) events.emit({ type: 'load', key, reason, duration: loadTime })

  const lifetime = lifetimeOf(loaded.value, ttl, settings, clock)
  const { staleAt, deleteAt } = lifetime ?? { staleAt: createdAt, deleteAt: createdAt }
  const { view } = settings
  const { value, checkable } = loaded
  const entry: Entry<unknown> = {
    value,
    createdAt,
    loadTime,
    staleAt,
    deleteAt,
    schemaVersion: view.schemaVersion,
  }
  const kept = lifetime === undefined ? 0 : keptFor(lifetime, view, clock.now(), engine.claimTtl)
  const tagging = tagsAfter(engine, load, view.tags, names, kept)
  const tagged = tagging instanceof Promise ? await tagging : tagging
  // Of a load whose tags can't be told nobody knows whether it was overtaken.
  if (tagged === 'overtaken' || (tagged === 'unknown' && load.joined())) load.overtaken()
  const { unreachable, since } = load
  const result = {
    address,
    view,
    entry,
    checkable,
    kept,
    since,
    tagged: typeof tagged === 'string' ? NO_TAGGED : tagged,
    forced: reason === 'forced',
    detached: load.detached() || tagged === 'overtaken',
    unreachable,
  }
  const store = () => {
    if (tagged === 'unknown') return abandonResult(engine, claim, result, 'tags')
    if (lifetime !== undefined) return commitResult(engine, claim, result)
    return discardResult(engine, claim, result, loaded.ttl === 0 ? 'no-store' : 'ttl-0')
  }
  await (plan.member === undefined ? store() : plan.member.inTurn(store))
  return entry
}

const NO_TAGGED: readonly Tagged[] = []

/** All tags of a loaded value: named, computed, and set by the loader. */
function tagNames({ tagsOf, settings }: LoadPlan, { value, tags }: Loaded): readonly string[] {
  const named = settings.view.tags
  if (tagsOf === undefined && tags.length === 0) return named
  if (tags.length > 0) checkTagOption(tags, settings.view.format)
  return checkTags([...named, ...(tagsOf?.(value) ?? NO_TAGS), ...tags])
}

/** The tokens of these tags from before the load; says so where one has changed that nobody could know of. */
function tagsAfter(
  { tier }: Engine,
  { tags: before, joined, unreachable, address }: Load,
  named: readonly string[],
  names: readonly string[],
  kept: Milliseconds,
): TagsAfter | Promise<TagsAfter> {
  // Nothing is stored, and nothing known of its tags; while the store does not answer nobody asks.
  if (before === undefined) return names.length > named.length && joined() && !unreachable ? 'overtaken' : []
  const after = tier.tags.after(before, names, kept)
  // Who joined has seen the tokens of the named tags with its own eyes, but not those of the others.
  if (names.length === named.length || !joined()) return after
  return Promise.resolve(after).then(async tagged => {
    if (typeof tagged === 'string') return tagged
    return (await tier.tags.areCurrent(address, tagged)) ? tagged : 'overtaken'
  })
}

/** Whoever left, closed the cache or was impatient, stopped a load that might have returned. */
function tellsOfTheKey({ impatient }: LoadPlan, { reason }: Abort): boolean {
  return !impatient && isCacheError(reason, 'ERR_CACHE_LOAD_TIMEOUT')
}

/** What callers get whose wait has taken too long. */
export function loadTimeout(key: string, hardTimeout: Milliseconds): CacheError {
  return new CacheError(
    'ERR_CACHE_LOAD_TIMEOUT',
    `loading '${key}' took longer than its hardTimeout of ${hardTimeout} ms; hand the loader's signal on to the query, or raise hardTimeout`,
  )
}

async function callLoader({ loader, settings, share }: LoadPlan, load: Load): Promise<Loaded> {
  const { address, abort, background } = load
  const previous = share === undefined ? load.previous : share(load.previous)
  return runLoader(loader, { key: address.key, abort, previous, background }, settings.view.schema)
}
