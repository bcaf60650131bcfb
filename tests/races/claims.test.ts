import type { Cache } from '@lookaside/core'
import { describe, expect, test, vi } from 'vitest'
import { remoteBackends } from '../backends.js'
import { acquaint, operations, worldOn } from './claim-world.js'
import { heldLoad } from './held-load.js'

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
    const opened = world.open(backend)
    const { cache, store } = opened
    const held = heldLoad<string>()
    await acquaint(opened)
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
    await acquaint(here)
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
    await acquaint(here)
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
    async function load(cache: Cache, refresh: boolean) {
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
})
