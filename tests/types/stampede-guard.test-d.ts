import { type Cache, type CacheStore, createCache, type Guard } from '@lookaside/core'
import {
  type BackOffOptions,
  backOff,
  type ClaimedOptions,
  claimed,
  composeGuards,
  type EarlyRefreshOptions,
  earlyRefresh,
  type LimitLoadsOptions,
  limitLoads,
  type StaleWhileRevalidateOptions,
  type StampedeGuardOptions,
  singleFlight,
  staleWhileRevalidate,
  stampedeGuard,
} from '@lookaside/stampede-guard'
import { expectTypeOf, it } from 'vitest'

declare const cache: Cache
declare const store: CacheStore
declare const find: (id: number) => Promise<string>

const load = () => 'value'

it('makes a guard of each part, and of all of them', () => {
  expectTypeOf(singleFlight()).toEqualTypeOf<Guard>()
  expectTypeOf(earlyRefresh()).toEqualTypeOf<Guard>()
  expectTypeOf(staleWhileRevalidate()).toEqualTypeOf<Guard>()
  expectTypeOf(claimed()).toEqualTypeOf<Guard>()
  expectTypeOf(backOff()).toEqualTypeOf<Guard>()
  expectTypeOf(limitLoads({ concurrency: 5 })).toEqualTypeOf<Guard>()
  expectTypeOf(stampedeGuard()).toEqualTypeOf<Guard>()
  expectTypeOf(composeGuards(singleFlight(), claimed())).toEqualTypeOf<Guard>()
  createCache({ store, guard: stampedeGuard() })
})

it('takes softTimeout, beta and hardTimeout on a cache, a namespace, a call and a wrapped function', () => {
  const options = { softTimeout: '100ms', beta: 1.5, hardTimeout: 5_000 } as const
  expectTypeOf(createCache({ store, guard: stampedeGuard(), ...options })).toEqualTypeOf<Cache<unknown>>()
  expectTypeOf(cache.namespace('n', options)).toEqualTypeOf<Cache<unknown>>()
  expectTypeOf(cache.getOrSet('a', load, { ...options, ttl: '1m' })).toEqualTypeOf<Promise<string>>()
  expectTypeOf(cache.wrap(find, { key: 'find', ...options })(1)).toEqualTypeOf<Promise<string>>()
  expectTypeOf(cache.getOrSet('a', load, { softTimeout: 100 })).toEqualTypeOf<Promise<string>>()
})

it('takes undefined for what is not to be set', () => {
  const options = { softTimeout: undefined, beta: undefined, hardTimeout: undefined }
  createCache({ store, ...options })
  cache.namespace('n', options)
  void cache.getOrSet('a', load, options)
  cache.wrap(find, { key: 'find', ...options })
  earlyRefresh({ beta: undefined })
  staleWhileRevalidate({ softTimeout: undefined })
  stampedeGuard({ backOff: undefined, earlyRefresh: undefined, limitLoads: undefined })
})

it('refuses them on writes and on reads', () => {
  // @ts-expect-error a set waits for no load
  void cache.set('a', 1, { softTimeout: 5 })
  // @ts-expect-error a set refreshes nothing
  void cache.set('a', 1, { beta: 1 })
  // @ts-expect-error a set loads nothing
  void cache.set('a', 1, { hardTimeout: 5 })
  // @ts-expect-error nor do many
  void cache.setMany([['a', 1]], { softTimeout: 5 })
  // @ts-expect-error nor do many
  void cache.setMany([['a', 1]], { beta: 1 })
  // @ts-expect-error a read loads nothing
  void cache.get('a', { softTimeout: 5 })
  // @ts-expect-error a read loads nothing
  void cache.lookup('a', { beta: 1 })
})

it('refuses values of another type', () => {
  // @ts-expect-error years are no unit
  void cache.getOrSet('a', load, { softTimeout: '1y' })
  // @ts-expect-error a softTimeout is a duration
  void cache.getOrSet('a', load, { softTimeout: true })
  // @ts-expect-error a softTimeout is no function, as a ttl may be
  void cache.getOrSet('a', load, { softTimeout: () => 5 })
  // @ts-expect-error beta is a number
  void cache.getOrSet('a', load, { beta: '1' })
  // @ts-expect-error beta is a number
  cache.namespace('n', { beta: '1' })
  // @ts-expect-error a softTimeout is a duration
  cache.namespace('n', { softTimeout: null })
  // @ts-expect-error beta is a number
  createCache({ store, beta: true })
  // @ts-expect-error a softTimeout has a unit
  createCache({ store, softTimeout: 'soon' })
  // @ts-expect-error beta is a number
  cache.wrap(find, { key: 'find', beta: '1' })
  // @ts-expect-error a softTimeout has a unit
  cache.wrap(find, { key: 'find', softTimeout: 'soon' })
  // @ts-expect-error there is no such option
  void cache.getOrSet('a', load, { sofTimeout: 5 })
})

it('refuses options of a part that it does not have', () => {
  // @ts-expect-error singleFlight takes none
  singleFlight({})
  // @ts-expect-error there is no such option
  earlyRefresh({ betta: 1 })
  // @ts-expect-error beta is a number
  earlyRefresh({ beta: '1' })
  // @ts-expect-error there is no such option
  staleWhileRevalidate({ hardTimeout: 5 })
  // @ts-expect-error a limit is needed
  limitLoads({})
  // @ts-expect-error a limit is needed
  limitLoads()
  // @ts-expect-error a guard is what a part returns
  composeGuards(singleFlight)
  // @ts-expect-error guards come one by one
  composeGuards([singleFlight()])
  // @ts-expect-error a part is told its options, or false
  stampedeGuard({ earlyRefresh: true })
  // @ts-expect-error the single flight can't be left out
  stampedeGuard({ singleFlight: false })
})

it('exports the options of each part, which can be written down before', () => {
  expectTypeOf<EarlyRefreshOptions['beta']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<StampedeGuardOptions['earlyRefresh']>().toEqualTypeOf<
    EarlyRefreshOptions | false | undefined
  >()
  expectTypeOf<StampedeGuardOptions['staleWhileRevalidate']>().toEqualTypeOf<
    StaleWhileRevalidateOptions | false | undefined
  >()
  expectTypeOf<StampedeGuardOptions['limitLoads']>().toEqualTypeOf<LimitLoadsOptions | false | undefined>()
  expectTypeOf<StampedeGuardOptions['backOff']>().toEqualTypeOf<BackOffOptions | false | undefined>()
  expectTypeOf<StampedeGuardOptions['claimed']>().toEqualTypeOf<ClaimedOptions | false | undefined>()
})
