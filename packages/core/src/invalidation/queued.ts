import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { InvalidationTarget } from '../events.js'
import type { KeySpace } from '../keys/key.js'
import type { Address } from '../tiers/tier.js'
import { deliverClear, deliverKeys, deliverTags, type InvalidationKind } from './deliver.js'

/** An invalidation that the store has not taken. */
export interface Queued {
  /** The wire key of the value or token, or the prefix of a space behind a mark. */
  readonly at: string
  readonly engine: Engine
  readonly kind: InvalidationKind | 'clear'
  readonly target: InvalidationTarget
  /** What it names, as the application called it. */
  readonly name: string
  readonly space: KeySpace
  /** The address of a key. */
  readonly address: Address | undefined
  /** Its place among all that were queued. */
  readonly number: number
  /** When it was queued, by `Clock.monotonic()`. */
  readonly since: Milliseconds
}

/** What can travel together: keys of all namespaces, tags of one; on each server of a fleet, which may be down, apart. */
export function groupsOf(all: readonly Queued[]): readonly (readonly Queued[])[] {
  const byEngine = new Map<Engine, Map<string, Queued[]>>()
  for (const queued of all) {
    const { at, engine, target, kind, space } = queued
    const groups = byEngine.get(engine) ?? new Map<string, Queued[]>()
    byEngine.set(engine, groups)
    const server = target === 'prefix' ? 0 : serverOf(engine, at)
    const name = `${target} ${kind} ${server} ${target === 'key' ? '' : space.path}`
    const group = groups.get(name) ?? []
    groups.set(name, group)
    group.push(queued)
  }
  return [...byEngine.values()].flatMap(groups => [...groups.values()])
}

/** Sends a group again, its tags with `lifetime` for their tokens; resolves to whether the store took it. */
export async function resend(group: readonly Queued[], lifetime: Milliseconds): Promise<boolean> {
  const { engine, kind, space, target, name } = group[0] as Queued
  try {
    if (kind === 'clear') await deliverClear(engine, space)
    else if (target === 'tag')
      await deliverTags(engine, kind, { space, names: group.map(({ name }) => name), lifetime })
    else
      await deliverKeys(
        engine,
        kind,
        group.flatMap(({ address }) => address ?? []),
      )
    return true
  } catch (error) {
    // The failure of a store has been reported. Nobody waits for this: a fault must not end the process.
    if (!isCacheError(error)) engine.events.emit({ type: 'background-error', key: name, error })
    return false
  }
}

/** Tells those who hear of the cache's invalidations. */
export async function tellOthers({ at, engine, kind, target, name, space }: Queued): Promise<void> {
  if (target === 'key') await engine.told.keys([at])
  else if (kind === 'clear') await engine.told.clear(space)
  else await engine.told.tags(kind, space, [name])
}

export function tellQueued(
  { engine, kind, target, name, space }: Queued,
  outcome: 'queued' | 'delivered' | 'expired' | 'dropped',
): void {
  const { events } = engine
  if (events.active) {
    events.emit({ type: `invalidation-${outcome}`, kind, target, name, path: space.path })
  }
}

function serverOf({ store }: Engine, at: string): number {
  return (store.kind === 'remote' && store.shards?.of(at)) || 0
}
