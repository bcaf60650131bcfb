import {
  type CacheDefaults,
  type CacheSettings,
  fromConfig,
  type StoreConfig,
  type StoreOfType,
} from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { expect, inject, onTestFinished, vi } from 'vitest'

/** Where a fleet keeps its values. */
export interface Place {
  readonly name: string
  /** Whether its members keep copies, and learn by the bus of what the others invalidate. */
  readonly copies: boolean
  /** What the config of each member says of the store. */
  config(): StoreConfig
}

/** A server alone. */
export interface ServerPlace extends Place {
  config(): StoreOfType<'redis' | 'memcached'>
}

/** The machine that runs the tests may be slow; what the tests are about is not. */
export const PATIENT = { socketTimeout: '5s', connectTimeout: '5s' } as const

export const redis: ServerPlace = {
  name: 'redis',
  copies: false,
  config: () => ({ type: 'redis', url: inject('redisUrl'), ...PATIENT }),
}

export const memcached: ServerPlace = {
  name: 'memcached',
  copies: false,
  config: () => ({
    type: 'memcached',
    url: `memcached://${inject('memcachedServers')}`,
    timeout: '5s',
    connectTimeout: '5s',
  }),
}

export const tiers: Place = {
  name: 'tiers before redis',
  copies: true,
  config: () => ({ type: 'tiered', remote: redis.config() }),
}

/** Those whose members read nothing but what is in the server. */
export const servers: readonly ServerPlace[] = [redis, memcached]

export const places: readonly Place[] = [...servers, tiers]

/** A cache made from a config, as the processes of a fleet make theirs; whoever opens it closes it. */
export function fromSettings(
  place: Place,
  settings: CacheSettings,
  defaults: CacheDefaults = {},
): Promise<Cache> {
  const bus = place.copies ? { bus: { mode: 'pubsub', ...PATIENT } as const } : {}
  return fromConfig({ storeTimeout: '5s', ...bus, ...place.config(), ...settings }, defaults)
}

/** A member of a fleet, with connections of its own, which is closed when the test is over. */
export async function openMember(
  place: Place,
  settings: CacheSettings,
  defaults: CacheDefaults = {},
): Promise<Cache> {
  const cache = await fromSettings(place, settings, defaults)
  onTestFinished(() => cache.close())
  return cache
}

/** Resolves once a cache serves nothing at `key`: at once, or where it has copies when the bus has told it. */
export async function isGone({ copies }: Place, cache: Cache, key: string): Promise<void> {
  const look = async () => expect(await cache.lookup(key)).toMatchObject({ state: 'miss' })
  if (!copies) return look()
  await look()
  await vi.waitFor(() => expect(cache.peek(key)).toBeUndefined(), { timeout: 5_000, interval: 2 })
}

/** Reads a key until the local tier has a copy, which takes a bus that is up. */
export async function holds(cache: Cache, key: string, value: unknown): Promise<void> {
  const look = async () => {
    expect(await cache.get(key)).toEqual(value)
    expect(cache.peek(key)).toEqual(value)
  }
  await vi.waitFor(look, { timeout: 5_000, interval: 5 })
}

/** The loader of a value that is there already. */
export function mustNotLoad(): never {
  throw new Error('the value is there: nothing was to be loaded')
}
