import { type Duration, parseDuration } from '@lookaside/core'
import { isPlain } from '../reading/variables.js'
import type { RedisBusConfig } from '../schema/bus-settings.js'
import type { CacheSettings } from '../schema/cache-settings.js'
import { type RedisConfig, type RedisServerConfig, redisServer } from '../stores/redis.js'
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
    return
  }
  // One that a program has made knows for itself where it is.
  if (typeof bus === 'object' && 'listen' in bus) return
  const settings: RedisBusConfig = typeof bus === 'string' ? { mode: bus } : bus
  const redis = redisOf(store)
  if (redis === undefined && !hasAddress(settings)) {
    yield {
      path: ['bus'],
      message: "the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
    }
  } else if (settings.mode === 'tracking' && !hearsOf(store, settings)) {
    yield {
      path: typeof bus === 'string' ? ['bus'] : ['bus', 'mode'],
      message:
        "'tracking' hears of the keys of its own Redis, and the store keeps its keys elsewhere too; use 'pubsub'",
    }
  }
}

/** Whether all keys of a store are in the Redis of a bus. */
function hearsOf(store: CheckedStore, bus: RedisBusConfig): boolean {
  const remote = store.type === 'tiered' ? store.remote : store
  // What a plugin makes may well be on that Redis.
  if (remote.type === 'plugin') return true
  if (remote.type !== 'redis') return false
  return !hasAddress(bus) || placeOf(bus) === placeOf(remote.options)
}

function placeOf(config: RedisServerConfig): string {
  const { host, port, db } = redisServer(config)
  return `${host}:${port}/${db}`
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
