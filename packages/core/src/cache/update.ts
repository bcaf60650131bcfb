import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { CacheError } from '../errors.js'
import { keptFor, lifetimeOf } from '../loading/lifetime.js'
import { tagsOf } from '../tags/tag-options.js'
import { type TagOption, tagPlan } from '../tags/tag-plan.js'
import type { Slot } from '../tiers/slot.js'
import type { Address } from '../tiers/tier.js'
import { checkValue } from '../values/schema-check.js'
import type { Share } from '../values/sharing.js'
import type { Settings } from './settings.js'
import { putOver, storeWritten } from './store-written.js'
import { unavailable } from './unavailable.js'

/** How often an update is tried; the later ones after pauses. */
const ATTEMPTS = 100

/** The longest pause between two attempts; the first is a single millisecond. */
const LONGEST_PAUSE: Milliseconds = 50

/** A change of the value at a key. */
export interface Update {
  readonly address: Address
  readonly settings: Settings
  readonly share: Share | undefined
  /** The next value, from the fresh one that is there now. */
  change(current: unknown): unknown
  /** The tags of the next value, or what computes them of it. */
  readonly tags: TagOption
}

/** Changes a value by compare-and-set, again and again until nobody else has come in between; resolves to what it stored. */
export async function updateValue(engine: Engine, update: Update): Promise<unknown> {
  const { clock, turns } = engine
  const { key, at } = update.address
  const done = await turns.take(at, clock)
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) {
        const longest = Math.min(LONGEST_PAUSE, 2 ** (attempt - 1))
        await clock.sleep(Math.ceil(longest * clock.random()))
      }
      const stored = await attemptUpdate(engine, update)
      if (stored !== undefined) return stored.value
    }
  } finally {
    done()
  }
  throw new CacheError(
    'ERR_CACHE_CONTENTION',
    `'${key}' was changed by others during each of ${ATTEMPTS} attempts to update it; update it less often, or split it into several keys`,
  )
}

/** One attempt; `undefined` where somebody else has changed the key meanwhile. */
async function attemptUpdate(
  engine: Engine,
  { address, settings, share, change, tags }: Update,
): Promise<{ readonly value: unknown } | undefined> {
  const { tier, clock, copies, told, events } = engine
  const { key, at } = address
  const { view } = settings
  const since = copies?.since()
  const over = await tier.read(address, view)
  checkUpdatable(engine, key, over)
  const fresh = over.kind === 'value' && clock.now() < over.entry.staleAt ? over.entry.value : undefined
  // As of a load: an invalidation of its tags while the next value is being made makes that one obsolete.
  const before = await tier.tags.before(address, tagPlan(engine, settings, tags), over)
  const next = await change(share === undefined ? fresh : share(fresh))
  const checked = await checkValue(view.schema, next, key)
  const { value } = checked
  const lifetime = lifetimeOf(value, undefined, settings, clock)
  if (lifetime === undefined) {
    if (!(await drop(over))) return undefined
    copies?.drop(address)
    await told.keys([at])
    if (events.active) events.emit({ type: 'not-stored', key, reason: 'ttl-0' })
    return { value }
  }
  const kept = keptFor(lifetime, view, clock.now(), engine.claimTtl)
  const tagged = await tier.tags.after(before, tagsOf(tags, value), kept)
  if (tagged === 'overtaken') return undefined
  if (tagged === 'unknown') throw unavailable(engine, key, 'it did not tell the tokens of its tags')
  const written = { address, view, checked, tagged, lifetime, since, conditional: true }
  try {
    const stored = await storeWritten(engine, written, (packed, kept) =>
      putOver(engine, address, over, packed, kept),
    )
    return stored && { value }
  } catch (error) {
    // It may have landed, or still land.
    copies?.drop(address)
    await told.keys([at])
    throw error
  }

  async function drop(slot: Slot): Promise<boolean> {
    return slot.kind === 'empty' || ('version' in slot && (await tier.delete(at, slot.version)))
  }
}

/** @throws CacheError for what nobody can tell the next value from. */
function checkUpdatable(engine: Engine, key: string, { kind }: Slot): void {
  if (kind === 'unreachable') throw unavailable(engine, key, 'it does not answer')
  if (kind === 'blocked') throw unavailable(engine, key, 'it has not taken an invalidation of the key yet')
  if (kind !== 'newer') return
  throw new CacheError(
    'ERR_CACHE_UNSUPPORTED',
    `'${key}' holds a value of a newer version than this process knows; update it from a process that has been deployed since`,
  )
}
