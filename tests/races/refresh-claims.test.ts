import { describe, expect, test } from 'vitest'
import { memory } from '../backends.js'
import { joining, memoryWorld } from './claim-world.js'
import { heldLoad } from './held-load.js'

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
