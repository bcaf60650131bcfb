import type { RemoteStore } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Backend, memory, remoteBackends } from '../backends.js'
import { ClaimWorld, joining, memoryWorld, operations } from './claim-world.js'
import { heldLoad } from './held-load.js'

function worldOn(backend: Backend): ClaimWorld {
  return new ClaimWorld(clock => backend.openStore(clock) as RemoteStore)
}

describe.each(remoteBackends)('a claim on $name', backend => {
  test('costs a miss two calls: one before the load, one to store its result', async () => {
    const { cache, store, trace } = worldOn(backend).open(backend)
    let before: string[] = []
    await cache.getOrSet('row', () => {
      before = operations(store)
      return 'value'
    })
    expect(before).toEqual(['get', 'add'])
    expect(operations(store)).toEqual(['get', 'add', 'replace'])
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  test('is answered before the load begins', async () => {
    const world = worldOn(backend)
    const { cache, store } = world.open(backend)
    const held = heldLoad<string>()
    store.delay(50, 'add')
    const reading = cache.getOrSet('row', held.load)
    await vi.waitFor(() => expect(operations(store)).toEqual(['get', 'add']))
    await world.clock.advance(49)
    expect(held.calls).toBe(0)
    await world.clock.advance(1)
    await held.begun
    held.finish('value')
    expect(await reading).toBe('value')
  })

  test('that was lost to a value makes use of the value', async () => {
    const world = worldOn(backend)
    const here = world.open(backend)
    const there = world.open(backend)
    here.store.delay(50, 'add')
    const reading = here.cache.getOrSet('row', () => 'loaded here')
    await vi.waitFor(() => expect(operations(here.store)).toEqual(['get', 'add']))
    await there.cache.getOrSet('row', () => 'loaded there')
    await world.clock.advance(50)

    expect(await reading).toBe('loaded there')
    expect(operations(here.store)).toEqual(['get', 'add', 'get'])
    expect(here.trace.types()).toEqual(['miss'])
  })

  test('that was lost to another claim leaves a load without a place to store its result', async () => {
    const world = worldOn(backend)
    const here = world.open(backend)
    const there = world.open(backend)
    const held = heldLoad<string>()
    here.store.delay(50, 'add')
    const reading = here.cache.getOrSet('row', () => 'unclaimed')
    await vi.waitFor(() => expect(operations(here.store)).toEqual(['get', 'add']))
    const claimed = there.cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(50)

    expect(await reading).toBe('unclaimed')
    expect(operations(here.store)).toEqual(['get', 'add', 'get'])
    expect(here.trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
    held.finish('claimed')
    await claimed
    expect(await here.cache.get('row')).toBe('claimed')
  })

  test('of a failed load is released, so that the next caller loads and stores', async () => {
    const { cache, store, trace } = worldOn(backend).open(backend)
    const down = new Error('database down')
    await expect(cache.getOrSet('row', () => Promise.reject(down))).rejects.toBe(down)
    expect(operations(store)).toEqual(['get', 'add', 'delete'])
    await cache.getOrSet('row', () => 'value')
    expect(trace.types()).toEqual(['miss', 'load-error', 'miss', 'load', 'commit'])
  })

  test("of a failed load is released without touching somebody else's", async () => {
    const world = worldOn(backend)
    const here = world.open(backend)
    const there = world.open(backend)
    const [failing, succeeding] = [heldLoad<string>(), heldLoad<string>()]
    const reading = here.cache.getOrSet('row', failing.load)
    await failing.begun
    await there.cache.delete('row')
    const claimed = there.cache.getOrSet('row', succeeding.load)
    await succeeding.begun
    failing.fail(new Error('database down'))
    await expect(reading).rejects.toThrow('database down')
    succeeding.finish('value')
    await claimed
    expect(there.trace.types()).toEqual(['invalidate', 'miss', 'load', 'commit'])
  })

  test('is taken over by a forced refresh, which voids the older load', async () => {
    const world = worldOn(backend)
    const older = world.open(backend)
    const newer = world.open(backend)
    const held = heldLoad<string>()
    const reading = older.cache.getOrSet('row', held.load)
    await held.begun
    expect(await newer.cache.getOrSet('row', () => 'newer', { refresh: true })).toBe('newer')
    held.finish('older')

    expect(await reading).toBe('older')
    expect(older.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(newer.trace.types()).toEqual(['load', 'commit'])
    expect(await older.cache.get('row')).toBe('newer')
  })

  test('of a forced refresh that comes to nothing deletes what may be older', async () => {
    const world = worldOn(backend)
    const refresher = world.open(backend)
    const other = world.open(backend)
    await other.cache.set('row', 'first')
    const held = heldLoad<string>()
    const reading = refresher.cache.getOrSet('row', held.load, { refresh: true })
    await held.begun
    await other.cache.set('row', 'second')
    held.finish('third')

    expect(await reading).toBe('third')
    expect(refresher.trace.types()).toEqual(['load', 'commit-rejected'])
    expect(await other.cache.get('row')).toBeUndefined()
  })

  test('of a forced refresh that is not stored deletes what may be older', async () => {
    const world = worldOn(backend)
    const refresher = world.open(backend)
    const other = world.open(backend)
    const held = heldLoad<string>()
    await other.cache.set('row', 'first')
    const reading = refresher.cache.getOrSet('row', held.load, { refresh: true, ttl: 0 })
    await held.begun
    await other.cache.set('row', 'second')
    held.finish('third')
    expect(await reading).toBe('third')
    expect(await other.cache.get('row')).toBeUndefined()
  })

  test('to refresh is on the very value that was read', async () => {
    const world = worldOn(backend)
    const options = { ttl: '1m', grace: '1h' } as const
    const here = world.open(backend, options)
    const there = world.open(backend, options)
    await here.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const reading = here.cache.getOrSet('row', held.load)
    await held.begun
    await there.cache.set('row', 'second')
    held.finish('third')

    expect(await reading).toBe('third')
    expect(here.trace.types()).toEqual(['set', 'miss', 'load', 'commit-rejected'])
    expect(await here.cache.get('row')).toBe('second')
  })

  test('elects one of several refreshers', async () => {
    const world = worldOn(backend)
    const options = { ttl: '1m', grace: '1h' } as const
    const [here, there] = [world.open(backend, options), world.open(backend, options)]
    await here.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const elected = here.cache.getOrSet('row', held.load)
    await held.begun
    await there.cache.getOrSet('row', () => 'unclaimed')
    expect(there.trace.lines('reason')).toEqual(['miss', 'load reason=stale', 'not-stored reason=no-claim'])
    held.finish('second')
    await elected
    expect(here.trace.types()).toEqual(['set', 'miss', 'load', 'commit'])
  })

  test('to refresh that ends in failure lets somebody else be elected', async () => {
    const world = worldOn(backend)
    const { cache, trace } = world.open(backend, { ttl: '1m', grace: '1h' })
    await cache.set('row', 'first')
    await world.clock.advance(60_000)
    expect(await cache.getOrSet('row', () => Promise.reject(new Error('database down')))).toBe('first')
    expect(await cache.getOrSet('row', () => 'second')).toBe('second')
    expect(trace.types()).toEqual(['set', 'miss', 'load-error', 'hit', 'miss', 'load', 'commit'])
  })

  const notStored = [
    { why: 'noStore()', reason: 'no-store', value: 'secret', options: {}, noStore: true },
    { why: 'a ttl of 0', reason: 'ttl-0', value: 'secret', options: { ttl: 0 }, noStore: false },
    {
      why: 'its size',
      reason: 'too-large',
      value: 'x'.repeat(17 * 1024 * 1024),
      options: {},
      noStore: false,
    },
    { why: 'its nature', reason: 'not-encodable', value: () => {}, options: {}, noStore: false },
  ] as const

  describe.each(notStored)('of a load that is not stored for $why', ({ reason, value, options, noStore }) => {
    async function load(cache: ReturnType<ClaimWorld['open']>['cache'], refresh: boolean) {
      const loaded = await cache.getOrSet<unknown>(
        'row',
        context => {
          if (noStore) context.noStore()
          return value
        },
        { ...options, refresh },
      )
      expect(loaded).toBe(value)
    }

    test('leaves an open marker', async () => {
      const { cache, store, trace } = worldOn(backend).open(backend)
      await load(cache, false)
      expect(operations(store)).toEqual(['get', 'add', 'replace'])
      expect(trace.lines('reason')).toEqual(['miss', 'load reason=miss', `not-stored reason=${reason}`])
      expect(await cache.get('row')).toBeUndefined()
    })

    test('deletes the value that it was to replace', async () => {
      const { cache, trace } = worldOn(backend).open(backend)
      await cache.set('row', 'first')
      await load(cache, true)
      expect(trace.lines('reason')).toEqual(['set', 'load reason=forced', `not-stored reason=${reason}`])
      expect(await cache.get('row')).toBeUndefined()
    })
  })

  describe('over what can not be used', () => {
    const unusable: readonly { what: string; bytes: (valid: Uint8Array) => Uint8Array; reason: string }[] = [
      { what: 'bytes of another program', bytes: () => Buffer.from('plain text'), reason: 'foreign' },
      { what: 'a frame of a later format', bytes: valid => changed(valid, 2, 9), reason: 'format' },
      { what: 'a damaged frame', bytes: valid => changed(valid, valid.length - 1, 0), reason: 'corrupt' },
    ]

    test.each(unusable)('such as $what stores the load', async ({ bytes, reason }) => {
      const world = worldOn(backend)
      const { cache, store, trace } = world.open(backend)
      await cache.set('row', 'valid')
      const valid = await store.get(world.at('row'))
      await store.set(world.at('row'), bytes(valid?.bytes as Uint8Array), 60_000)
      store.calls.length = 0

      expect(await cache.getOrSet('row', () => 'loaded')).toBe('loaded')
      expect(operations(store)).toEqual(['get', 'replace', 'replace'])
      expect(trace.lines('reason')).toEqual([
        'set',
        `unusable reason=${reason}`,
        'miss',
        'load reason=miss',
        'commit',
      ])
      expect(await cache.get('row')).toBe('loaded')
    })

    test('such as a dead value stores the load', async () => {
      const world = worldOn(backend)
      const { cache, store, trace } = world.open(backend, { ttl: '1m' })
      await cache.set('row', 'first')
      await world.clock.advance(60_000)
      store.calls.length = 0
      expect(await cache.getOrSet('row', () => 'second')).toBe('second')
      expect(operations(store)).toEqual(['get', 'replace', 'replace'])
      expect(trace.types()).toEqual(['set', 'miss', 'load', 'commit'])
    })

    test('such as a value of an older version stores the load', async () => {
      const world = worldOn(backend)
      const older = world.open(backend, { version: 1 })
      const newer = world.open(backend, { version: 2 })
      await older.cache.set('row', 'older')
      expect(await newer.cache.getOrSet('row', () => 'newer')).toBe('newer')
      expect(newer.trace.types()).toEqual(['unusable', 'miss', 'load', 'commit'])
      expect(await newer.cache.get('row')).toBe('newer')
    })

    test('leaves a value of a newer version alone', async () => {
      const world = worldOn(backend)
      const older = world.open(backend, { version: 1 })
      const newer = world.open(backend, { version: 2 })
      await newer.cache.set('row', 'newer')
      expect(await older.cache.getOrSet('row', () => 'older')).toBe('older')
      expect(operations(older.store)).toEqual(['get'])
      expect(older.trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
      expect(await newer.cache.get('row')).toBe('newer')
    })

    test('that somebody else has replaced meanwhile is lost', async () => {
      const world = worldOn(backend)
      const [here, there] = [world.open(backend), world.open(backend)]
      await here.store.set(world.at('row'), Buffer.from('plain text'), 60_000)
      here.store.delay(50, { ops: ['replace'], times: 1 })
      const reading = here.cache.getOrSet('row', () => 'loaded here')
      await vi.waitFor(() => expect(operations(here.store)).toEqual(['set', 'get', 'replace']))
      await there.cache.getOrSet('row', () => 'loaded there')
      await world.clock.advance(50)
      expect(await reading).toBe('loaded there')
      expect(here.trace.types()).toEqual(['unusable', 'miss'])
    })
  })
})

function changed(bytes: Uint8Array, index: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[index] = byte
  return copy
}

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
    expect(server.keys()).toEqual([])
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

describe('a refresh', () => {
  test('stores its result although the old value has died meanwhile', async () => {
    const { world } = memoryWorld()
    const { cache, trace } = world.open(memory, { ttl: '1m', grace: '10s', claimTtl: '5s' })
    await cache.getOrSet('row', () => 'first')
    await world.clock.advance(69_000)
    const held = heldLoad<string>()
    const reading = cache.getOrSet('row', held.load)
    await held.begun
    await world.clock.advance(4_000)
    expect(await cache.get('row')).toBeUndefined()
    held.finish('second')
    await reading
    expect(trace.types().slice(3)).toEqual(['miss', 'miss', 'load', 'commit'])
    expect(await cache.get('row')).toBe('second')
  })

  test('that a forced one has overtaken is not stored', async () => {
    const { world } = memoryWorld()
    const options = { ttl: '1m', grace: '1h' } as const
    const [older, newer] = [world.open(memory, options), world.open(memory, options)]
    await older.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const reading = older.cache.getOrSet('row', held.load)
    await held.begun
    await newer.cache.getOrSet('row', () => 'newer', { refresh: true })
    held.finish('older')
    await reading
    expect(older.trace.types()).toEqual(['set', 'miss', 'load', 'commit-rejected'])
    expect(await older.cache.get('row')).toBe('newer')
  })

  test('that was forced shares no load that may end with an older value', async () => {
    const { world } = memoryWorld()
    const options = { ttl: '1m', grace: '1h', guard: joining } as const
    const here = world.open(memory, options)
    const there = world.open(memory, options)
    await there.cache.set('row', 'first')
    await world.clock.advance(60_000)
    const held = heldLoad<string>()
    const older = there.cache.getOrSet('row', held.load)
    await held.begun

    here.store.delay(50, { ops: ['add'], times: 1 })
    const waiting = here.cache.getOrSet('row', () => 'not loaded')
    await world.clock.advance(0)
    const forced = here.cache.getOrSet('row', () => 'asked for', { refresh: true })
    await world.clock.advance(0)
    held.finish('older')
    await older
    await world.clock.advance(50)

    expect(await forced).toBe('asked for')
    await waiting
    expect(await there.cache.getOrSet('row', () => 'asked for')).toBe('asked for')
  })
})

describe('a running load is shared', () => {
  test('with a caller whose own read shows its marker', async () => {
    const { world } = memoryWorld()
    const { cache, trace } = world.open(memory, { guard: joining })
    const held = heldLoad<string>()
    const first = cache.getOrSet('row', held.load)
    await held.begun
    const second = cache.getOrSet('row', () => 'loaded twice')
    await world.clock.advance(0)
    held.finish('loaded once')
    expect(await Promise.all([first, second])).toEqual(['loaded once', 'loaded once'])
    expect(trace.types()).toEqual(['miss', 'miss', 'load', 'commit'])
  })

  test('but not after another process has deleted the key', async () => {
    const { world } = memoryWorld()
    const [here, there] = [world.open(memory, { guard: joining }), world.open(memory)]
    const held = heldLoad<string>()
    const first = here.cache.getOrSet('row', held.load)
    await held.begun
    await there.cache.delete('row')
    expect(await here.cache.getOrSet('row', () => 'new')).toBe('new')
    held.finish('old')
    expect(await first).toBe('old')
    expect(here.trace.types()).toEqual(['miss', 'miss', 'load', 'commit', 'load', 'commit-rejected'])
  })

  test.each(['expire', 'set'] as const)(
    'but not after another process has changed what it is to replace by %s',
    async how => {
      const { world } = memoryWorld()
      const options = { ttl: '1m', grace: '1h', guard: joining } as const
      const [here, there] = [world.open(memory, options), world.open(memory, options)]
      await here.cache.set('row', 'first')
      await world.clock.advance(60_000)
      const held = heldLoad<string>()
      const first = here.cache.getOrSet('row', held.load)
      await held.begun
      if (how === 'set') await there.cache.set('row', 'second', { ttl: 1 })
      else await there.cache.expire('row')
      await world.clock.advance(1)
      expect(await here.cache.getOrSet('row', () => 'new')).toBe('new')
      held.finish('old')
      expect(await first).toBe('old')
      expect(await here.cache.get('row')).toBe('new')
    },
  )

  test('but not with a caller who comes after all others have left', async () => {
    const { world } = memoryWorld()
    const { cache, store } = world.open(memory, { guard: joining })
    const held = heldLoad<string>()
    const caller = new AbortController()
    const reading = cache.getOrSet('row', held.load, { signal: caller.signal })
    const left = expect(reading).rejects.toThrow('changed my mind')
    await held.begun
    store.delay(50, { ops: ['delete'], times: 1 })
    caller.abort(new Error('changed my mind'))
    await left
    expect(await cache.getOrSet('row', () => 'loaded again')).toBe('loaded again')
    await world.clock.advance(50)
  })
})

describe('two caches on one store', () => {
  test('share their loads', async () => {
    const { world } = memoryWorld()
    const first = world.open(memory, { guard: joining })
    const second = world.open(memory, { guard: joining, store: first.store })
    const held = heldLoad<string>()
    const readings = [first.cache.getOrSet('row', held.load)]
    await held.begun
    readings.push(second.cache.getOrSet('row', () => 'loaded twice'))
    await world.clock.advance(0)
    held.finish('loaded once')
    expect(await Promise.all(readings)).toEqual(['loaded once', 'loaded once'])
  })

  test("detach each other's loads", async () => {
    const { world } = memoryWorld()
    const first = world.open(memory, { guard: joining })
    const second = world.open(memory, { guard: joining, store: first.store })
    const held = heldLoad<string>()
    const reading = first.cache.getOrSet('row', held.load)
    await held.begun
    await second.cache.delete('row')
    expect(await second.cache.getOrSet('row', () => 'new')).toBe('new')
    held.finish('old')
    expect(await reading).toBe('old')
    expect(first.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(await first.cache.get('row')).toBe('new')
  })

  test('close it once, when the last of them closes', async () => {
    const { world } = memoryWorld()
    const first = world.open(memory)
    const second = world.open(memory, { store: first.store })
    await first.cache.close()
    await first.cache.close()
    expect(operations(first.store)).toEqual([])
    expect(await second.cache.getOrSet('row', () => 'value')).toBe('value')
    await second.cache.close()
    expect(operations(first.store).filter(op => op === 'close')).toHaveLength(1)
  })
})
