import { describe, expect, it } from 'vitest'
import { memory } from '../../../tests/backends.js'
import { memoryWorld } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { singleFlight } from '../src/index.js'

describe('singleFlight in two processes', () => {
  it('lets nobody in after another process has deleted the key', async () => {
    const { world } = memoryWorld()
    const guard = singleFlight()
    const [here, there] = [world.open(memory, { guard }), world.open(memory, { guard })]
    const held = heldLoad<string>()
    const before = here.cache.getOrSet('a', held.load)
    await held.begun
    await there.cache.delete('a')
    const after = here.cache.getOrSet('a', () => 'new')
    expect(await after).toBe('new')
    held.finish('old')
    expect(await before).toBe('old')
    expect(await there.cache.get('a')).toBe('new')
    expect(here.trace.types()).toEqual(['miss', 'miss', 'load', 'commit', 'load', 'commit-rejected'])
  })

  it('does not see the other: both load, and the one that claimed stores', async () => {
    const { world } = memoryWorld()
    const guard = singleFlight()
    const [here, there] = [world.open(memory, { guard }), world.open(memory, { guard })]
    const held = heldLoad<string>()
    const claiming = here.cache.getOrSet('a', held.load)
    await held.begun
    expect(await there.cache.getOrSet('a', () => 'unclaimed')).toBe('unclaimed')
    expect(there.trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
    held.finish('claimed')
    expect(await claiming).toBe('claimed')
    expect(await there.cache.get('a')).toBe('claimed')
  })

  it('shares freely while the store can not be reached', async () => {
    const { world } = memoryWorld()
    const { cache, store } = world.open(memory, { guard: singleFlight(), breaker: false })
    store.fail()
    const held = heldLoad<string>()
    const first = cache.getOrSet('a', held.load)
    await held.begun
    const second = cache.getOrSet('a', () => 'loaded twice')
    await world.clock.advance(0)
    held.finish('loaded once')
    expect(await Promise.all([first, second])).toEqual(['loaded once', 'loaded once'])
    expect(cache.stats().sharedLoads).toBe(1)
  })
})
