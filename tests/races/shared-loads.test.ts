import type { CacheError } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { memory } from '../backends.js'
import { gate } from '../behaviour/gate.js'
import { settled } from '../behaviour/settled.js'
import { joining, memoryWorld, operations } from './claim-world.js'
import { heldLoad } from './held-load.js'

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

  test('before it has begun too, once its marker stands', async () => {
    const { world } = memoryWorld()
    const deciding = gate()
    const { cache, trace } = world.open(memory, {
      guard: {
        name: 'deliberate',
        joins: true,
        async run(flight) {
          const claim = await flight.claim()
          await deciding.passed
          return flight.load(typeof claim === 'object' ? claim : undefined)
        },
      },
    })
    const first = cache.getOrSet('row', () => 'loaded once')
    await world.clock.advance(0)
    const second = cache.getOrSet('row', () => 'loaded twice')
    await world.clock.advance(0)
    deciding.open()
    expect(await Promise.all([first, second])).toEqual(['loaded once', 'loaded once'])
    expect(trace.types()).toEqual(['miss', 'miss', 'load', 'commit'])
  })

  test.each([
    ['version', { version: 1 }],
    ['schema', { schema: z.string().regex(/^(of another|new) shape$/) }],
  ])('but not with a caller who looks for another %s', async (_, options) => {
    const { world } = memoryWorld()
    const { cache } = world.open(memory, { guard: joining })
    const held = heldLoad<string>()
    const first = cache.getOrSet('row', held.load)
    await held.begun
    const second = cache.getOrSet('row', () => 'of another shape', options)
    const together = [
      cache.getOrSet('new', () => 'old shape'),
      cache.getOrSet('new', () => 'new shape', options),
    ]
    await world.clock.advance(0)
    held.finish('loaded once')
    expect(await first).toBe('loaded once')
    expect(await second).toBe('of another shape')
    expect(await Promise.all(together)).toEqual(['old shape', 'new shape'])
  })

  test('by a caller with less time only for that time', async () => {
    const { world } = memoryWorld()
    const { cache } = world.open(memory, { guard: joining, hardTimeout: '1m' })
    const held = heldLoad<string>()
    const first = cache.getOrSet('row', held.load)
    await held.begun
    const second = cache
      .getOrSet('row', () => 'loaded twice', { hardTimeout: '1s' })
      .catch((error: CacheError) => error)
    const done = settled(second)
    await world.clock.advance(999)
    expect(done()).toBe(false)
    await world.clock.advance(1)
    expect(done()).toBe(true)
    expect(await second).toMatchObject({
      code: 'ERR_CACHE_LOAD_TIMEOUT',
      message: expect.stringContaining('1000 ms'),
    })
    held.finish('loaded once')
    expect(await first).toBe('loaded once')
    expect(await cache.get('row')).toBe('loaded once')
  })

  test('beside the load of another process, as long as its claim stands', async () => {
    const { world } = memoryWorld()
    const [here, there] = [world.open(memory, { guard: joining }), world.open(memory)]
    const [elsewhere, held] = [heldLoad<string>(), heldLoad<string>()]
    const first = there.cache.getOrSet('row', elsewhere.load)
    await elsewhere.begun
    const crowd = [here.cache.getOrSet('row', held.load)]
    await held.begun
    for (let n = 0; n < 5; n++) {
      crowd.push(here.cache.getOrSet('row', () => 'loaded twice'))
      await world.clock.advance(1)
    }
    await there.cache.delete('row')
    expect(await here.cache.getOrSet('row', () => 'new')).toBe('new')
    held.finish('loaded beside')
    elsewhere.finish('loaded')
    expect(await Promise.all([first, ...crowd])).toEqual(['loaded', ...Array(6).fill('loaded beside')])
    expect(await here.cache.get('row')).toBe('new')
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

  test('with everybody while the store can not be reached', async () => {
    const { world } = memoryWorld()
    const { cache, store } = world.open(memory, { guard: joining, breaker: false })
    store.fail()
    const held = heldLoad<string>()
    const first = cache.getOrSet('row', held.load)
    await held.begun
    const second = cache.getOrSet('row', () => 'loaded twice')
    await world.clock.advance(0)
    held.finish('loaded once')
    expect(await Promise.all([first, second])).toEqual(['loaded once', 'loaded once'])
  })

  test('but not after an invalidation here, whether or not that reached the store', async () => {
    const { world } = memoryWorld()
    const { cache, store } = world.open(memory, { guard: joining, breaker: false })
    store.fail()
    const held = heldLoad<string>()
    const first = cache.getOrSet('row', held.load)
    await held.begun
    expect(await cache.delete('row')).toBe(false)
    expect(await cache.getOrSet('row', () => 'new')).toBe('new')
    held.finish('old')
    expect(await first).toBe('old')
  })
})

describe('two caches on one store', () => {
  test('load each for itself, since their options may differ, and store one result', async () => {
    const { world } = memoryWorld()
    const first = world.open(memory, { guard: joining })
    const second = world.open(memory, { guard: joining, store: first.store })
    const held = heldLoad<string>()
    const reading = first.cache.getOrSet('row', held.load)
    await held.begun
    expect(await second.cache.getOrSet('row', () => 'unclaimed')).toBe('unclaimed')
    held.finish('claimed')
    expect(await reading).toBe('claimed')
    expect(second.trace.types()).toEqual(['miss', 'load', 'not-stored'])
    expect(await second.cache.get('row')).toBe('claimed')
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
