import {
  type Cache,
  type CacheEvent,
  type CacheStats,
  type CacheStore,
  createCache,
  type InvalidationBus,
  isCacheError,
  type LocalStore,
  type RemoteStore,
} from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'

declare const store: CacheStore
declare const local: LocalStore
declare const remote: RemoteStore
declare const bus: InvalidationBus

const cache = createCache({ store, ttl: '5m', grace: 1_000 })

it('makes a cache of unknown values', () => {
  expectTypeOf(cache).toEqualTypeOf<Cache<unknown>>()
  expectTypeOf(cache.stats()).toEqualTypeOf<CacheStats>()
})

it('makes a cache of a local and a remote store', () => {
  const tiered = createCache({
    store: [local, remote],
    bus,
    maxLocalStaleness: '10s',
    onUndelivered: 'reject',
  })
  expectTypeOf(tiered).toEqualTypeOf<Cache<unknown>>()
})

it('tells of every invalidation whether it was delivered', () => {
  expectTypeOf(cache.delete('a')).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cache.deleteTags(['users'])).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cache.invalidateTags(['users'])).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cache.expireTags(['users'])).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cache.clear()).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cache.invalidation().keys('a').tags('users').run()).toEqualTypeOf<Promise<boolean>>()
})

it('hands events to listeners as a discriminated union', () => {
  cache.on(event => {
    expectTypeOf(event).toEqualTypeOf<CacheEvent>()
    if (event.type === 'hit') expectTypeOf(event.tier).toEqualTypeOf<'local' | 'remote'>()
    if (event.type === 'breaker') expectTypeOf(event.state).toEqualTypeOf<'open' | 'closed'>()
    // @ts-expect-error not every event has a key
    event.key
    // @ts-expect-error an event can't be changed
    event.type = 'hit'
  })
})

it('gives the result of a write to the keys and the tags of its invalidation', () => {
  const result = cache.invalidateAfter(async () => ({ id: 7 }), {
    keys: ({ id }) => {
      expectTypeOf(id).toBeNumber()
      return [`user:${id}`]
    },
    tags: ({ id }) => {
      expectTypeOf(id).toBeNumber()
      return [`owner:${id}`]
    },
  })
  expectTypeOf(result).toEqualTypeOf<Promise<{ id: number }>>()
  expectTypeOf(cache.invalidateAfter(() => 'done', { keys: ['a'] })).toEqualTypeOf<Promise<string>>()
})

it('narrows errors by code', () => {
  const error: unknown = undefined
  if (isCacheError(error, 'ERR_CACHE_KEY')) expectTypeOf(error.message).toBeString()
  // @ts-expect-error there is no such code
  isCacheError(error, 'ERR_CACHE_NONE')
})

it('refuses what is used wrongly', () => {
  // @ts-expect-error a store is needed
  createCache({ ttl: 5 })
  // @ts-expect-error there is no such option
  createCache({ store, tll: 5 })
  // @ts-expect-error a store is no URL
  createCache({ store: 'redis://localhost' })
  // @ts-expect-error there is no such clone mode
  createCache({ store, clone: 'deep' })
  // @ts-expect-error the local store comes first
  createCache({ store: [remote, local] })
  // @ts-expect-error it takes two tiers
  createCache({ store: [local] })
  // @ts-expect-error an invalidation is queued in any case
  createCache({ store, onUndelivered: 'drop' })
  // @ts-expect-error a codec of one's own decodes as well
  createCache({ store, codec: { name: 'mine', id: 200, encode: () => new Uint8Array() } })
})
