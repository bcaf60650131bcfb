import {
  CacheError,
  type Entry,
  type EntryMeta,
  type EpochMs,
  type Flight,
  type Guard,
  type GuardOption,
  type GuardSettings,
  type Passenger,
  quote,
} from '@lookaside/core'

/**
 * One guard of several, the first outermost: each hands on to the next, the last to claim, load and commit.
 *
 * Flights are shared where any of them shares; a value is refreshed early when any of them wants it.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for something that is no guard.
 *
 * @example
 * const guard = composeGuards(earlyRefresh(), staleWhileRevalidate(), claimed())
 */
export function composeGuards(...guards: readonly Guard[]): Guard {
  for (const guard of guards) {
    if (typeof (guard as Partial<Guard> | null)?.run === 'function') continue
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `composeGuards takes guards, such as singleFlight(); received ${quote(guard)}`,
    )
  }
  const refreshing = guards.filter(guard => guard.shouldRefresh !== undefined)
  const joining = guards.filter(guard => guard.join !== undefined)
  return {
    name: guards.map(({ name }) => name).join(' > '),
    options: optionsOf(guards),
    joins: guards.some(({ joins }) => joins === true),
    ...(refreshing.length > 0 && { shouldRefresh: anyOf(refreshing) }),
    ...(refreshing.length > 0 &&
      refreshing.every(guard => guard.refreshesFrom !== undefined) && {
        refreshesFrom: (entry, settings) => earliest(refreshing, entry, settings),
      }),
    run(flight, next) {
      const enter =
        <V>(index: number, inner: (flight: Flight<V>) => Promise<Entry<V>>) =>
        (entering: Flight<V>): Promise<Entry<V>> => {
          const guard = guards[index]
          return guard === undefined ? inner(entering) : guard.run(entering, enter(index + 1, inner))
        }
      return enter(0, next)(flight)
    },
    ...(joining.length > 0 && { join: (passenger, outcome) => joinAll(joining, passenger, outcome) }),
  }
}

/** One guard is asked directly. */
function anyOf(guards: readonly Guard[]): NonNullable<Guard['shouldRefresh']> {
  const [first] = guards
  if (guards.length === 1 && first?.shouldRefresh !== undefined) return first.shouldRefresh.bind(first)
  return (entry, now, random, settings) =>
    guards.some(guard => guard.shouldRefresh?.(entry, now, random, settings) === true)
}

function earliest(guards: readonly Guard[], entry: EntryMeta, settings: GuardSettings): EpochMs {
  const instants = guards.map(guard => guard.refreshesFrom?.(entry, settings) ?? 0)
  return Math.min(...instants)
}

function joinAll<V>(
  guards: readonly Guard[],
  passenger: Passenger<V>,
  outcome: Promise<Entry<V>>,
): Promise<Entry<V>> {
  let shared = outcome
  for (const guard of guards.toReversed()) {
    shared = guard.join?.(passenger, shared) ?? shared
    // The guard around it need not wait for it.
    shared.catch(() => {})
  }
  return shared
}

function optionsOf(guards: readonly Guard[]): GuardOption<unknown>[] {
  const byName = new Map<string, GuardOption<unknown>>()
  for (const option of guards.flatMap(({ options }) => options ?? [])) byName.set(option.name, option)
  return [...byName.values()]
}
