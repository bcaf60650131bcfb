import { ManualClock } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { memory } from '../backends.js'
import { memoryWorld, operations } from './claim-world.js'
import { heldLoad } from './held-load.js'

describe('a marker', () => {
  test('is renewed for as long as the load lasts', async () => {
    const { world } = memoryWorld()
    const { cache, trace } = world.open(memory, { claimTtl: '1s' })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(7_300)
    held.finish('value')
    expect(await reading).toBe('value')
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
    expect(await cache.get('row')).toBe('value')
  })

  test('is renewed in the rhythm of the claim that a guard asked for', async () => {
    const { world } = memoryWorld()
    const { cache, trace } = world.open(memory, {
      claimTtl: '1m',
      guard: {
        name: 'brief',
        async run(flight) {
          const claim = await flight.claim(1_000)
          return flight.load(typeof claim === 'object' ? claim : undefined)
        },
      },
    })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(7_300)
    held.finish('value')
    await reading
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  test('that was deleted is never brought back by its renewal', async () => {
    const { world, server } = memoryWorld()
    const { cache, store, trace } = world.open(memory, { claimTtl: '1s' })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    await store.delete(world.at('row'))
    await world.clock.advance(5_000)
    expect(server.keys()).toEqual([])
    expect(operations(store)).toEqual(['get', 'add', 'delete', 'replace'])
    held.finish('old')
    await reading
    expect(trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
  })

  test('that is being renewed is committed to after the renewal', async () => {
    const { world } = memoryWorld()
    const { cache, store, trace } = world.open(memory, { claimTtl: '1s' })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    store.delay(100, { ops: ['replace'], times: 1 })
    await world.clock.advance(500)
    expect(operations(store)).toEqual(['get', 'add', 'replace'])
    held.finish('value')
    await world.clock.advance(99)
    expect(operations(store)).toEqual(['get', 'add', 'replace'])
    await world.clock.advance(1)
    await reading
    expect(operations(store)).toEqual(['get', 'add', 'replace', 'replace'])
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
    expect(await cache.get('row')).toBe('value')
  })

  test('survives a renewal that fails', async () => {
    const { world } = memoryWorld()
    const { cache, store, trace } = world.open(memory, { claimTtl: '1s' })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    store.fail(new Error('connection reset'), { ops: ['replace'], times: 1 })
    await world.clock.advance(900)
    held.finish('value')
    await reading
    expect(trace.types()).toEqual(['miss', 'store-error', 'load', 'commit'])
  })

  test('is not renewed any more once its load has ended', async () => {
    const { world, server } = memoryWorld()
    const { cache, store } = world.open(memory, { claimTtl: '1s', ttl: '1m' })
    await cache.getOrSet('stored', () => 'value')
    await cache.getOrSet('failed', () => Promise.reject(new Error('database down'))).catch(() => {})
    await cache.getOrSet('unstored', context => context.noStore())
    const before = store.calls.length
    await world.clock.advance(120_000)
    expect(store.calls.length).toBe(before)
    // A loader that takes the context might have set tags: what those are invalidated by outlives them.
    expect(server.keys()).toEqual([`${world.prefix}:#epoch:`])
    expect(world.clock.pending).toBe(0)
  })

  test('of a process that died holds the key until its claim expires', async () => {
    const { world } = memoryWorld()
    const stopped = new ManualClock()
    const dead = world.open(memory, { claimTtl: '5s', clock: stopped })
    const { cache, trace } = world.open(memory)
    const held = heldLoad<string>()
    const never = dead.cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(4_999)
    await cache.getOrSet('row', () => 'unclaimed')
    await world.clock.advance(1)
    await cache.getOrSet('row', () => 'claimed')
    expect(trace.types()).toEqual(['miss', 'load', 'not-stored', 'miss', 'load', 'commit'])
    held.finish('very late')
    await never
    expect(dead.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(await cache.get('row')).toBe('claimed')
  })

  test('that expired during the load leaves its result without a place', async () => {
    const { world, server } = memoryWorld()
    const suspended = world.open(memory, { claimTtl: '5s', clock: new ManualClock() })
    const held = heldLoad<string>()
    const reading = suspended.cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(5_000)
    held.finish('late')
    expect(await reading).toBe('late')
    expect(suspended.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(server.keys()).toEqual([])
  })

  test('that the server lost leaves the result without a place', async () => {
    const { world, server } = memoryWorld()
    const { cache, trace } = world.open(memory)
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    server.empty()
    held.finish('value')
    expect(await reading).toBe('value')
    expect(trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(server.keys()).toEqual([])
  })

  test('that was put after its call had run out of time is taken away again', async () => {
    const { world, server } = memoryWorld()
    const { cache, store, trace } = world.open(memory, { storeTimeout: '200ms' })
    store.delay(300, { ops: ['add'], times: 1 })
    const reading = cache.getOrSet('row', () => 'value')
    await world.clock.advance(200)
    expect(await reading).toBe('value')
    expect(trace.lines('operation', 'reason')).toEqual([
      'miss',
      'store-error operation=add',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    await world.clock.advance(100)
    expect(operations(store)).toEqual(['get', 'add', 'delete'])
    expect(server.keys()).toEqual([])
  })

  test('goes when the hard timeout ends its load', async () => {
    const { world, server } = memoryWorld()
    const { cache, trace } = world.open(memory, { hardTimeout: '10s' })
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    const refused = expect(reading).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    await held.begun
    await world.clock.advance(10_000)
    await refused
    expect(server.keys()).toEqual([])
    held.finish('late')
    await world.clock.advance(0)
    expect(trace.types()).toEqual(['miss', 'load-error'])
    expect(server.keys()).toEqual([])
  })

  test('goes when the guard that put it throws before it loads', async () => {
    const { world, server } = memoryWorld()
    const bug = new Error('a bug in a guard')
    const { cache, trace } = world.open(memory, {
      claimTtl: '1h',
      guard: {
        name: 'broken',
        async run(flight) {
          expect(await flight.claim()).toBeTypeOf('object')
          throw bug
        },
      },
    })
    await expect(cache.getOrSet('row', () => 'not loaded')).rejects.toBe(bug)
    await world.clock.advance(0)
    expect(server.keys()).toEqual([])
    expect(trace.types()).toEqual(['miss'])
    expect(world.clock.pending).toBe(0)
  })

  test('goes when the hard timeout ends a guard that put it and has not loaded', async () => {
    const { world, server } = memoryWorld()
    const { cache } = world.open(memory, {
      claimTtl: '1h',
      hardTimeout: '10s',
      guard: {
        name: 'hesitant',
        async run(flight) {
          await flight.claim()
          return new Promise(() => {})
        },
      },
    })
    const refused = expect(cache.getOrSet('row', () => 'not loaded')).rejects.toMatchObject({
      code: 'ERR_CACHE_LOAD_TIMEOUT',
    })
    await world.clock.advance(9_999)
    expect(server.keys()).toEqual([world.at('row')])
    await world.clock.advance(1)
    await refused
    expect(server.keys()).toEqual([])
  })

  test('goes when the last caller leaves before it was answered, and nothing is loaded', async () => {
    const { world, server } = memoryWorld()
    const { cache, store } = world.open(memory)
    const held = heldLoad<string>()
    const caller = new AbortController()
    store.delay(50, 'add')
    const reading = cache.getOrSet('row', held.load, { signal: caller.signal })
    const left = expect(reading).rejects.toThrow('changed my mind')
    await world.clock.advance(0)
    caller.abort(new Error('changed my mind'))
    await left
    await world.clock.advance(50)
    expect(held.calls).toBe(0)
    expect(server.keys()).toEqual([])
  })
})

describe('an open marker', () => {
  async function openMarker() {
    const { world } = memoryWorld()
    const processes = [world.open(memory), world.open(memory)] as const
    await processes[0].cache.getOrSet('row', context => context.noStore())
    const loads = [heldLoad<string>(), heldLoad<string>()] as const
    const readings = [
      processes[0].cache.getOrSet('row', loads[0].load),
      processes[1].cache.getOrSet('row', loads[1].load),
    ] as const
    await Promise.all([loads[0].begun, loads[1].begun])
    for (const { trace } of processes) trace.events.length = 0
    return { world, processes, loads, readings }
  }

  test('lets loads run side by side, of which the first to end is stored', async () => {
    const { processes, loads, readings } = await openMarker()
    loads[1].finish('first to end')
    expect(await readings[1]).toBe('first to end')
    loads[0].finish('last to end')
    expect(await readings[0]).toBe('last to end')
    expect(processes.map(({ trace }) => trace.types())).toEqual([
      ['load', 'commit-rejected'],
      ['load', 'commit'],
    ])
    expect(await processes[0].cache.get('row')).toBe('first to end')
  })

  test('is voided by a delete, and all loads beside it', async () => {
    const { processes, loads, readings } = await openMarker()
    await processes[1].cache.delete('row')
    loads[0].finish('old')
    loads[1].finish('old')
    expect(await Promise.all(readings)).toEqual(['old', 'old'])
    expect(processes.map(({ trace }) => trace.types())).toEqual([
      ['load', 'commit-rejected'],
      ['invalidate', 'load', 'commit-rejected'],
    ])
    expect(await processes[0].cache.get('row')).toBeUndefined()
  })

  test('is taken away by a forced refresh that is not stored, and older loads with it', async () => {
    const { processes, loads, readings } = await openMarker()
    await processes[1].cache.getOrSet('row', context => context.noStore(), { refresh: true })
    loads[0].finish('older')
    loads[1].finish('older')
    expect(await Promise.all(readings)).toEqual(['older', 'older'])
    expect(await processes[0].cache.get('row')).toBeUndefined()
  })

  test('is gone after a second', async () => {
    const { world, processes, loads, readings } = await openMarker()
    await world.clock.advance(1_000)
    loads[0].finish('late')
    loads[1].finish('late')
    await Promise.all(readings)
    expect(processes.map(({ trace }) => trace.types())).toEqual([
      ['load', 'commit-rejected'],
      ['load', 'commit-rejected'],
    ])
  })
})
