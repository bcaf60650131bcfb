import type { CacheOptions, LoadContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { memory } from '../../../tests/backends.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { memoryWorld, operations } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, earlyRefresh, singleFlight } from '../src/index.js'

const guard = composeGuards(earlyRefresh(), singleFlight(), claimed())

describe('earlyRefresh in several processes', () => {
  /** Processes on one server that hold a value which expires in 50 ms, and for which every draw is enough. */
  async function processes(others: number, options: Partial<CacheOptions> = {}) {
    const { world } = memoryWorld()
    const { clock } = world
    const open = () => world.open(memory, { guard, ttl: 10_000, breaker: false, ...options })
    const here = open()
    const there = Array.from({ length: others }, open)
    // It takes the context, as the later ones do: what such loads need to know of tags is there by then.
    const loading = here.cache.getOrSet('a', (_: LoadContext) => clock.sleep(100).then(() => 'old'))
    await clock.advance(100)
    await loading
    await clock.advance(9_950)
    here.store.calls.length = 0
    here.trace.events.length = 0
    const held = heldLoad<string>()
    return { here, there, all: [here, ...there], clock, held, load: vi.fn((_: LoadContext) => held.load()) }
  }

  it.each([
    ['with claimed()', guard],
    ['without it', composeGuards(earlyRefresh(), singleFlight())],
    ['even alone', earlyRefresh()],
  ])('elects one of them, %s', async (_, electing) => {
    const { all, clock, held, load } = await processes(4, { guard: electing })
    for (let round = 1; round <= 3; round++) {
      const served = await Promise.all(all.map(({ cache }) => cache.getOrSet('a', load)))
      expect(served).toEqual(Array(5).fill('old'))
      await clock.advance(10)
    }
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    const stored = all.flatMap(({ trace }) => trace.types()).filter(type => type === 'commit')
    expect(stored).toHaveLength(1)
    for (const { cache } of all) expect(await cache.get('a')).toBe('new')
  })

  it('stores over the very version that was read, by compare-and-set', async () => {
    const { here, clock, load, held } = await processes(0)
    await here.cache.getOrSet('a', load)
    await held.begun
    held.finish('new')
    await clock.advance(0)
    expect(here.trace.types()).toEqual(['hit', 'early-refresh', 'load', 'commit'])
    expect(operations(here.store)).toEqual(['get', 'add', 'replace'])
  })

  it('stores nothing over what another process has written meanwhile', async () => {
    const { here, there, clock, load, held } = await processes(1)
    await here.cache.getOrSet('a', load)
    await held.begun
    for (const { cache } of there) await cache.set('a', 'written meanwhile')
    held.finish('older')
    await clock.advance(0)
    expect(here.trace.types()).toEqual(['hit', 'early-refresh', 'load', 'commit-rejected'])
    expect(await here.cache.get('a')).toBe('written meanwhile')
  })

  it.each([
    ['with claimed()', guard],
    ['without it', composeGuards(earlyRefresh(), singleFlight())],
  ])(
    'loads nothing where the election can not be held, %s: the value is still fresh',
    async (_, electing) => {
      const { here, clock, load } = await processes(0, { guard: electing })
      const { cache, store, trace } = here
      store.fail(new Error('connection reset'), 'add')
      expect(await cache.getOrSet('a', load)).toBe('old')
      await clock.advance(0)
      expect(load).not.toHaveBeenCalled()
      expect(trace.types()).toEqual(['hit', 'early-refresh', 'store-error'])
      store.heal()
      expect(await cache.getOrSet('a', () => 'new')).toBe('old')
      await clock.advance(0)
      expect(await cache.get('a')).toBe('new')
    },
  )

  it('lets no caller wait for a store that is slow to elect', async () => {
    const { here, clock, load, held } = await processes(0)
    here.store.delay(30, 'add')
    const call = here.cache.getOrSet('a', load)
    const done = settled(call)
    await clock.advance(29)
    expect(done()).toBe(true)
    expect(await call).toBe('old')
    expect(load).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    expect(await here.cache.get('a')).toBe('new')
  })

  it('has the other processes wait for a refresh that outlives the value', async () => {
    const { here, there, all, clock, load, held } = await processes(1)
    expect(await here.cache.getOrSet('a', load)).toBe('old')
    await clock.advance(100)
    const waiting = all.map(({ cache }) => cache.getOrSet('a', load))
    const done = settled(Promise.race(waiting))
    await clock.advance(6_000)
    expect(done()).toBe(false)
    held.finish('new')
    await clock.advance(50)
    expect(await Promise.all(waiting)).toEqual(['new', 'new'])
    expect(load).toHaveBeenCalledTimes(1)
    expect(there.flatMap(({ trace }) => trace.types())).toEqual(['miss', 'claim-wait'])
  })
})
