import type { Cache, Guard } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { composeGuards, earlyRefresh, singleFlight, stampedeGuard } from '@lookaside/stampede-guard'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends, memory, openCache } from '../backends.js'
import { answered } from '../batches/answered.js'
import { heldBatch } from '../batches/held-batch.js'
import { heldLoad } from '../races/held-load.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const itself = (item: string) => item
const rows = (items: readonly string[]) => items.map(item => `row ${item}`)
const guards: readonly Guard[] = [singleFlight(), stampedeGuard()]

const cases = backends.flatMap(backend =>
  guards.map(guard => ({ backend, name: backend.name, guard, guarded: guard.name })),
)

describe.each(cases)('Many items on $name under $guarded', ({ backend, guard }) => {
  it('share the load of a single key that is in flight, and load the others meanwhile', async () => {
    const { cache } = observedCache(backend, { guard })
    const single = heldLoad<string>()
    const alone = cache.getOrSet('b', single.load)
    await single.begun
    const load = vi.fn(rows)
    const many = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })
    const done = settled(many)
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1))
    expect(load.mock.calls[0]?.[0]).toEqual(['a', 'c'])
    await vi.waitFor(async () => expect((await cache.getMany(['a', 'c'])).size).toBe(2))
    expect(done()).toBe(false)
    single.finish('loaded alone')
    expect(await alone).toBe('loaded alone')
    expect(await many).toEqual(['row a', 'loaded alone', 'row c'])
    expect(cache.stats()).toMatchObject({ loads: 3, sharedLoads: 1, commits: 3 })
  })

  it('are shared by single callers who come later', async () => {
    const { cache } = observedCache(backend, { guard })
    const held = heldBatch<string, string>()
    const many = cache.getOrSetMany(['a', 'b'], { key: itself, load: held.load })
    await held.begun
    const load = vi.fn(() => 'loaded alone')
    const singles = ['b', 'a', 'b'].map(key => cache.getOrSet(key, load))
    await cache.getMany(['a', 'b'])
    held.finish(item => `row ${item}`)
    expect(await Promise.all(singles)).toEqual(['row b', 'row a', 'row b'])
    expect(await many).toEqual(['row a', 'row b'])
    expect(load).not.toHaveBeenCalled()
    expect(cache.stats()).toMatchObject({ loads: 2, sharedLoads: 3 })
  })

  it('that are asked for twice at once are loaded once', async () => {
    const { cache } = observedCache(backend, { guard })
    const first = heldBatch<string, string>()
    const second = heldBatch<string, string>()
    const one = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: first.load })
    const other = cache.getOrSetMany(['d', 'c', 'b'], { key: itself, load: second.load })
    await Promise.all([first.begun, second.begun])
    expect([first.calls, second.calls]).toEqual([[['a', 'b', 'c']], [['d']]])
    first.finish(item => `first ${item}`)
    second.finish(item => `second ${item}`)
    expect(await one).toEqual(['first a', 'first b', 'first c'])
    expect(await other).toEqual(['second d', 'first c', 'first b'])
    expect(cache.stats()).toMatchObject({ loads: 4, sharedLoads: 2, commits: 4 })
  })

  it('that others load and fail to share their error', async () => {
    const { cache } = observedCache(backend, { guard })
    const first = heldBatch<string, string>()
    const one = cache.getOrSetMany(['a', 'b'], { key: itself, load: first.load, onError: 'return' })
    await first.begun
    const other = cache.getOrSetMany(['b', 'c'], { key: itself, load: rows, onError: 'return' })
    await cache.get('b')
    const error = new Error('connection refused')
    first.fail(error)
    expect(await one).toEqual([error, error])
    const [b, c] = await other
    expect(b).toBe(error)
    expect(c).toBe('row c')
  })
})

describe.each(backends)('Many items on $name without a guard', backend => {
  it('are loaded by each caller for itself, and one of the results is stored', async () => {
    const { cache } = observedCache(backend)
    const held = [heldBatch<string, string>(), heldBatch<string, string>()]
    const calls = held.map(({ load }) => cache.getOrSetMany(['a', 'b'], { key: itself, load }))
    await Promise.all(held.map(({ begun }) => begun))
    expect(held.map(one => one.calls)).toEqual([[['a', 'b']], [['a', 'b']]])
    for (const [index, one] of held.entries()) one.finish(item => `${item} of ${index}`)
    expect(await Promise.all(calls)).toEqual([
      ['a of 0', 'b of 0'],
      ['a of 1', 'b of 1'],
    ])
    expect(cache.stats()).toMatchObject({ loads: 4, commits: 2 })
    expect(
      [...(await cache.getMany(['a', 'b'])).values()].every(row => /^[ab] of [01]$/.test(`${row}`)),
    ).toBe(true)
  })
})

describe.each(backends)('Many stale items on $name', backend => {
  const options = { ttl: '1m', grace: '1h' } as const

  async function stale(guard: Guard | undefined) {
    const opened = observedCache(backend, { ...options, guard })
    await opened.cache.setMany(['a', 'b', 'c'].map(key => [key, `old ${key}`]))
    await opened.clock.advance(60_000)
    opened.trace.events.length = 0
    return opened
  }

  it('are served at once, and refreshed in the background by one call', async () => {
    const { cache } = await stale(stampedeGuard())
    const held = heldBatch<string, string>()
    const ask = () => cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: held.load })
    const old = ['old a', 'old b', 'old c']
    expect(await ask()).toEqual(old)
    await held.begun
    expect(held.told[0]?.background).toBe(true)
    expect(held.told[0]?.each.map(({ previous }) => previous)).toEqual(old)
    expect(await ask()).toEqual(old)
    held.finish(item => `new ${item}`)
    await vi.waitFor(async () => expect(await ask()).toEqual(['new a', 'new b', 'new c']))
    expect(held.calls).toEqual([['a', 'b', 'c']])
  })

  it('are waited for within the softTimeout', async () => {
    const { cache, clock } = await stale(stampedeGuard())
    const held = heldBatch<string, string>()
    const ask = () =>
      cache.getOrSetMany(['a', 'd', 'b'], { key: itself, load: held.load, softTimeout: '100ms' })
    const reading = ask()
    const done = settled(reading)
    await held.begun
    await clock.advance(100)
    // There is no value to serve for one of them.
    expect(done()).toBe(false)
    held.finish(item => `new ${item}`)
    expect(await reading).toEqual(['old a', 'new d', 'old b'])
    await vi.waitFor(async () => expect(await ask()).toEqual(['new a', 'new d', 'new b']))
    expect(held.calls).toEqual([['a', 'd', 'b']])
  })

  it('are loaded together with those that are missing where the guard serves nothing stale', async () => {
    const { cache } = await stale(undefined)
    const load = vi.fn(rows)
    const values = await cache.getOrSetMany(['a', 'd'], { key: itself, load })
    expect(values).toEqual(['row a', 'row d'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'd']])
  })
})

describe.each(backends)('Many items on $name that are due for an early refresh', backend => {
  it('are hits, and are refreshed by one call', async () => {
    const eager = earlyRefresh({ beta: 1_000_000 })
    const { cache, clock, trace } = observedCache(backend, {
      guard: composeGuards(eager, singleFlight()),
      ttl: '1h',
      // The loads below move the clock, not the server.
      claimTtl: '1d',
      storeTimeout: '1d',
    })
    const load = vi.fn(async (items: readonly string[]) => {
      await clock.advance(10_000)
      return items.map(item => `${item} at ${clock.monotonic()}`)
    })
    const ask = () => cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })
    const first = await ask()
    trace.events.length = 0
    expect(await ask()).toEqual(first)
    expect(trace.lines('key', 'tier').slice(0, 3).sort()).toEqual(
      ['a', 'b', 'c'].map(key => `hit key=${key} tier=${backend.kind}`),
    )
    await vi.waitFor(() => expect(cache.stats().commits).toBe(6))
    expect(load.mock.calls.map(([items]) => items)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    expect([...(await cache.getMany(['a', 'b', 'c'])).values()]).not.toEqual(first)
  })
})

describe('Many items of which another process loads some', () => {
  function twoProcesses(
    guard: Guard | undefined,
  ): readonly [ReturnType<typeof open>, ReturnType<typeof open>] {
    const here = open({ guard })
    return [here, open({ guard, prefix: here.cache.path, clock: here.clock })]
  }
  const open = (options: Parameters<typeof observedCache>[1]) =>
    observedCache(memory, { claimTtl: '2s', ...options })

  it('are loaded but for those, whose values are taken when they come', async () => {
    const [here, there] = twoProcesses(stampedeGuard())
    const held = heldBatch<string, string>()
    const elsewhere = there.cache.getOrSetMany(['b', 'd'], { key: itself, load: held.load })
    await held.begun
    const load = vi.fn(rows)
    const reading = here.cache.getOrSetMany(['a', 'b', 'c', 'd'], { key: itself, load })
    const done = settled(reading)
    await here.clock.advance(0)
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'c']])
    expect(await there.cache.getMany(['a', 'c'])).toEqual(
      new Map([
        ['a', 'row a'],
        ['c', 'row c'],
      ]),
    )
    await here.clock.advance(1_000)
    expect(done()).toBe(false)
    held.finish(item => `elsewhere ${item}`)
    expect(await elsewhere).toEqual(['elsewhere b', 'elsewhere d'])
    await here.clock.advance(50)
    expect(await reading).toEqual(['row a', 'elsewhere b', 'row c', 'elsewhere d'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('are loaded after all once those have died, without those that are there by then', async () => {
    const [here, there] = twoProcesses(stampedeGuard())
    // It has marked its keys, and never renews its claims.
    const prefix = here.cache.path
    const store = memory.openStore(here.clock)
    const frozen = { ...store, replace: () => new Promise<undefined>(() => {}) } as typeof store
    const dead = openCache(memory, { prefix, clock: here.clock, store: frozen, claimTtl: '2s' })
    const lost = heldBatch<string, string>()
    dead.getOrSetMany(['b', 'd'], { key: itself, load: lost.load }).catch(() => {})
    await lost.begun
    const load = vi.fn(rows)
    const reading = here.cache.getOrSetMany(['a', 'b', 'c', 'd'], { key: itself, load })
    const done = settled(reading)
    await here.clock.advance(1_900)
    expect(done()).toBe(false)
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'c']])
    await there.cache.delete('b')
    await there.cache.getOrSet('b', () => 'by yet another')
    expect(await answered(reading, here.clock)).toEqual(['row a', 'by yet another', 'row c', 'row d'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'c'], ['d']])
  })

  it('are loaded together once those have died, and not one by one', async () => {
    const [here] = twoProcesses(stampedeGuard())
    const store = memory.openStore(here.clock)
    const frozen = { ...store, replace: () => new Promise<undefined>(() => {}) } as typeof store
    const dead = openCache(memory, {
      prefix: here.cache.path,
      clock: here.clock,
      store: frozen,
      claimTtl: '2s',
    })
    const lost = heldBatch<string, string>()
    const theirs = Array.from({ length: 50 }, (_, index) => `theirs ${index}`)
    dead.getOrSetMany(theirs, { key: itself, load: lost.load }).catch(() => {})
    await lost.begun
    const load = vi.fn(rows)
    const reading = here.cache.getOrSetMany([...theirs, 'ours'], { key: itself, load })
    await here.clock.advance(1_900)
    expect(load.mock.calls.map(([items]) => items)).toEqual([['ours']])
    expect(await answered(reading, here.clock)).toEqual(rows([...theirs, 'ours']))
    expect(load.mock.calls.map(([items]) => items)).toEqual([['ours'], theirs])
  })

  it('are loaded as soon as the last of them is taken over', async () => {
    const [here, there] = twoProcesses(stampedeGuard())
    const single = heldLoad<string>()
    const elsewhere = there.cache.getOrSet('a', single.load).catch(String)
    await single.begun
    const reading = here.cache.getOrSetMany(['a'], { key: itself, load: rows })
    await here.clock.advance(0)
    single.fail('failed elsewhere')
    expect(await elsewhere).toBe('failed elsewhere')
    // The longest pause between two looks.
    await here.clock.advance(50)
    expect(await reading).toEqual(['row a'])
  })

  it('are all loaded without a guard, and those are not stored', async () => {
    const [here, there] = twoProcesses(undefined)
    const held = heldBatch<string, string>()
    const elsewhere = there.cache.getOrSetMany(['b'], { key: itself, load: held.load })
    await held.begun
    const load = vi.fn(rows)
    const values = await here.cache.getOrSetMany(['a', 'b'], { key: itself, load })
    expect(values).toEqual(['row a', 'row b'])
    expect(here.trace.lines('key', 'reason').filter(line => line.startsWith('not-stored'))).toEqual([
      'not-stored key=b reason=no-claim',
    ])
    held.finish(item => `elsewhere ${item}`)
    await elsewhere
    expect(await here.cache.get('b')).toBe('elsewhere b')
  })
})

describe('Many items under a guard of somebody else', () => {
  /** Holds some keys up before it lets them be claimed, or loaded. */
  function delaying(what: 'claim' | 'load', time: number): Guard {
    return {
      name: 'delaying',
      async run(flight, next) {
        const slow = flight.key.startsWith('slow')
        if (what === 'claim') {
          if (slow) await flight.clock.sleep(time, flight.signal)
          return next(flight)
        }
        const claim = await flight.claim()
        if (slow) await flight.clock.sleep(time, flight.signal)
        return flight.load(typeof claim === 'object' ? claim : undefined)
      },
    }
  }

  it.each(['claim', 'load'] as const)(
    'that holds some up before the %s are loaded without those after a second',
    async what => {
      const { cache, clock } = observedCache(memory, { guard: delaying(what, 5_000) })
      const load = vi.fn(rows)
      const reading = cache.getOrSetMany(['a', 'slow 1', 'b', 'slow 2'], { key: itself, load })
      const done = settled(reading)
      await clock.advance(999)
      expect(load).not.toHaveBeenCalled()
      await clock.advance(1)
      expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'b']])
      expect((await cache.getMany(['a', 'b'])).size).toBe(2)
      await clock.advance(3_999)
      expect(done()).toBe(false)
      await clock.advance(1)
      expect(load.mock.calls.map(([items]) => items)).toEqual([
        ['a', 'b'],
        ['slow 1', 'slow 2'],
      ])
      expect(await reading).toEqual(['row a', 'row slow 1', 'row b', 'row slow 2'])
    },
  )

  it('that holds some up for less time are loaded with those', async () => {
    const { cache, clock } = observedCache(memory, { guard: delaying('load', 500) })
    const load = vi.fn(rows)
    const reading = cache.getOrSetMany(['a', 'slow'], { key: itself, load })
    await clock.advance(500)
    expect(await reading).toEqual(['row a', 'row slow'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('that refuses some are loaded without those, at once', async () => {
    const refusing: Guard = {
      name: 'refusing',
      run: (flight, next) => (flight.key === 'no' ? Promise.reject(new Error('refused')) : next(flight)),
    }
    const { cache } = observedCache(memory, { guard: refusing })
    const load = vi.fn(rows)
    const values = await cache.getOrSetMany(['a', 'no', 'b'], { key: itself, load, onError: 'return' })
    expect(values).toEqual(['row a', new Error('refused'), 'row b'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'b']])
  })
})

describe('Many items in two tiers', () => {
  it('come from the local one, then from the remote one, then from the loader', async () => {
    const prefix = 'two-tiers'
    const store = memory.openStore()
    const tiered = (): Cache => openCache(memory, { store: [lruStore(), store] as never, prefix })
    const [here, there] = [tiered(), tiered()]
    await there.set('remote', 'far away')
    await here.set('local', 'nearby')
    const trace = eventTrace(here)
    const load = vi.fn(rows)
    const values = await here.getOrSetMany(['new', 'remote', 'local'], { key: itself, load })
    expect(values).toEqual(['row new', 'far away', 'nearby'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['new']])
    expect(trace.lines('key', 'tier').filter(line => line.startsWith('hit'))).toEqual([
      'hit key=local tier=local',
      'hit key=remote tier=remote',
    ])
    expect(['new', 'remote', 'local'].map(key => here.peek(key))).toEqual(values)
  })
})
