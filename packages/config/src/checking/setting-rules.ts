import { type Duration, parseDuration } from '@lookaside/core'
import { isPlain } from '../reading/variables.js'
import type { RedisBusConfig } from '../schema/bus-settings.js'
import type { CacheSettings } from '../schema/cache-settings.js'
import type { RedisConfig } from '../stores/redis.js'
import type { CheckedStore } from './checked-store.js'
import type { Path } from './path.js'

/** A rule that settings break, and the setting to tell it of. */
interface BrokenRule {
  readonly path: Path
  readonly message: string
}

/** What can't be said together of a cache. */
export function brokenRules(store: CheckedStore, settings: CacheSettings): BrokenRule[] {
  if (store.type === 'none') return []
  return [...busRules(store, settings), ...tierRules(store, settings), ...guardRules(settings)]
}

/** The Redis among what a store is made of: where a bus is, unless it says so. */
export function redisOf(store: CheckedStore): RedisConfig | undefined {
  switch (store.type) {
    case 'redis':
      return store.options
    case 'tiered':
      return redisOf(store.remote)
    case 'migrating':
      return redisOf(store.to) ?? redisOf(store.from)
    default:
      return undefined
  }
}

/** Whether a bus says itself which Redis it is on. */
export function hasAddress(bus: RedisBusConfig): boolean {
  return bus.url !== undefined || bus.host !== undefined || bus.port !== undefined
}

function* busRules(store: CheckedStore, { bus }: CacheSettings): Generator<BrokenRule> {
  if (bus === undefined || bus === false) return
  if (store.type === 'lru') {
    yield {
      path: ['bus'],
      message:
        "a bus tells other processes, which see nothing of a store of type 'lru'; use type 'tiered', or leave the bus out",
    }
  } else if (
    redisOf(store) === undefined &&
    (typeof bus === 'string' || (isPlain(bus) && !hasAddress(bus as RedisBusConfig)))
  ) {
    yield {
      path: ['bus'],
      message: "the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
    }
  }
}

function* tierRules(store: CheckedStore, { maxLocalStaleness }: CacheSettings): Generator<BrokenRule> {
  if (maxLocalStaleness !== undefined && store.type !== 'tiered') {
    yield {
      path: ['maxLocalStaleness'],
      message: `maxLocalStaleness is for a store of type 'tiered'; this one is of type '${store.type}'. Leave it out`,
    }
  }
}

function* guardRules({ guard }: CacheSettings): Generator<BrokenRule> {
  if (!isPlain(guard)) return
  const { backOff, claimed } = guard as Exclude<CacheSettings['guard'], { run: unknown } | false | undefined>
  if (backOff && isOver(backOff.initial, backOff.max)) {
    yield { path: ['guard', 'backOff', 'max'], message: 'max must be at least initial' }
  }
  if (claimed && isOver(claimed.poll?.min, claimed.poll?.max)) {
    yield { path: ['guard', 'claimed', 'poll', 'max'], message: 'max must be at least min' }
  }
}

function isOver(least: Duration | undefined, most: Duration | undefined): boolean {
  return least !== undefined && most !== undefined && parseDuration(least) > parseDuration(most)
}
