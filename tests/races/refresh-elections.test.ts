import type { CacheOptions } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { claimed, earlyRefresh } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { lru, memory, newPrefix, openCache } from '../backends.js'
import { observedCache } from '../behaviour/observed-cache.js'
import { memoryWorld } from './claim-world.js'
import { heldLoad } from './held-load.js'

/** Values that stay within grace for as long as any refresh takes. */
const OPTIONS = { ttl: '1m', grace: '1h', claimTtl: '5s', hardTimeout: '1h' } satisfies Partial<CacheOptions>

describe('a refresh that takes longer than its claim holds', () => {
  /** Two processes, of which one refreshes a value that has just gone stale. */
  async function race() {
    const { world, server } = memoryWorld()
    const here = world.open(memory, OPTIONS)
    const there = world.open(memory, { ...OPTIONS, guard: claimed() })
    await here.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const reading = here.cache.getOrSet('row', held.load)
    await held.begun
    here.store.calls.length = 0
    here.trace.events.length = 0
    return { world, server, here, there, held, reading }
  }

  test('keeps others from refreshing the same value', async () => {
    const { world, here, there, held, reading } = await race()
    for (let second = 0; second < 60; second++) {
      expect(await there.cache.getOrSet('row', () => 'loaded there')).toBe('first')
      await world.clock.advance(1_000)
    }
    expect(there.cache.stats()).toMatchObject({ loads: 0, staleHits: 60 })
    expect(here.store.calls.map(({ op }) => op)).toEqual(Array(24).fill('replace'))
    expect(here.store.calls.some(({ keys }) => keys.includes(world.at('row')))).toBe(false)
    held.finish('second')
    expect(await reading).toBe('second')
    expect(here.trace.types()).toEqual(['load', 'commit'])
    expect(await there.cache.get('row')).toBe('second')
  })

  test('holds nothing any more once it is over', async () => {
    const { world, server, here, held, reading } = await race()
    await world.clock.advance(12_000)
    held.finish('second')
    await reading
    here.store.calls.length = 0
    await world.clock.advance(5_000)
    expect(here.store.calls).toEqual([])
    expect(server.keys()).toEqual([world.at('row')])
    expect(world.clock.pending).toBe(0)
  })

  test('lets others refresh at once when it fails', async () => {
    const { world, there, held, reading } = await race()
    await world.clock.advance(12_000)
    held.fail(new Error('database down'))
    expect(await reading).toBe('first')
    expect(await there.cache.getOrSet('row', () => 'second')).toBe('second')
    expect(there.trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  test('lets others refresh after claimTtl when its process has died', async () => {
    const { world } = memoryWorld()
    const dead = world.open(memory, {
      ...OPTIONS,
      clock: new ManualClock({ now: world.clock.now() + 60_000 }),
    })
    const there = world.open(memory, { ...OPTIONS, guard: claimed() })
    await there.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const never = dead.cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(4_999)
    expect(await there.cache.getOrSet('row', () => 'second')).toBe('first')
    await world.clock.advance(1)
    expect(await there.cache.getOrSet('row', () => 'second')).toBe('second')
    held.finish('very late')
    expect(await never).toBe('very late')
    expect(dead.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(await there.cache.get('row')).toBe('second')
  })

  test('that loses its election to a failing store is still stored, by the version that it read', async () => {
    const { world, here, there, held, reading } = await race()
    here.store.fail(new Error('connection reset'), 'replace')
    await world.clock.advance(60_000)
    const renewals = here.store.calls.filter(({ op }) => op === 'replace').length
    expect(renewals).toBeLessThanOrEqual(24)
    here.store.heal()
    held.finish('second')
    expect(await reading).toBe('second')
    expect(here.trace.types().slice(-2)).toEqual(['load', 'commit'])
    expect(await there.cache.get('row')).toBe('second')
  })

  test('is rejected when another has refreshed the value in the meantime', async () => {
    const { world, here, there, held, reading } = await race()
    here.store.fail(new Error('connection reset'), 'replace')
    await world.clock.advance(10_000)
    here.store.heal()
    expect(await there.cache.getOrSet('row', () => 'loaded there')).toBe('loaded there')
    held.finish('late')
    expect(await reading).toBe('late')
    expect(here.trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    expect(await here.cache.get('row')).toBe('loaded there')
  })
})

describe('a refresh that outlives its value in one process', () => {
  test('takes its place on lru, where another cache on the store waits', async () => {
    const clock = new ManualClock()
    const options = { ...OPTIONS, grace: '20s', clock, prefix: newPrefix(), store: lruStore() } as const
    const refreshing = openCache(lru, options)
    const other = openCache(lru, { ...options, guard: claimed({ wait: '1h' }) })
    await refreshing.set('row', 'first')
    await clock.advance(60_000)
    const held = heldLoad<string>()
    const reading = refreshing.getOrSet('row', held.load)
    await held.begun
    await clock.advance(19_989)
    expect(await other.lookup('row')).toMatchObject({ state: 'stale', value: 'first' })
    await clock.advance(1)
    expect(await other.lookup('row')).toMatchObject({ state: 'miss' })
    const waiting = other.getOrSet('row', () => 'loaded twice')
    await clock.advance(60_000)
    held.finish('second')
    expect(await reading).toBe('second')
    await clock.advance(50)
    expect(await waiting).toBe('second')
    expect(other.stats().loads).toBe(0)
  })

  test.each([lru, memory])('takes the place of a fresh value without grace on $name', async backend => {
    const { cache, clock, trace } = observedCache(backend, {
      ttl: '1m',
      hardTimeout: '1h',
      guard: earlyRefresh(),
    })
    await cache.getOrSet('row', async () => {
      await clock.advance(10_000)
      return 'first'
    })
    await clock.advance(55_000)
    const held = heldLoad<string>()
    expect(await cache.getOrSet('row', held.load)).toBe('first')
    await held.begun
    await clock.advance(4_989)
    expect(await cache.get('row')).toBe('first')
    await clock.advance(1)
    expect(await cache.get('row')).toBeUndefined()
    await clock.advance(60_000)
    held.finish('second')
    await clock.advance(0)
    expect(await cache.get('row')).toBe('second')
    expect(trace.types().filter(type => type.startsWith('commit'))).toEqual(['commit', 'commit'])
  })
})
