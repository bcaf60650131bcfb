import { describe, expect, it } from 'vitest'
import { memory } from '../../../tests/backends.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { memoryWorld } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, singleFlight, staleWhileRevalidate } from '../src/index.js'

const guard = composeGuards(staleWhileRevalidate(), singleFlight(), claimed())
const options = { guard, ttl: 1_000, grace: 1_000 } as const

describe('staleWhileRevalidate in several processes', () => {
  it('serves all of them at once, and one refreshes', async () => {
    const { world } = memoryWorld()
    const processes = Array.from({ length: 5 }, () => world.open(memory, options))
    await processes[0]?.cache.set('a', 'old')
    await world.clock.advance(1_000)
    const held = heldLoad<string>()
    const served = await Promise.all(processes.map(({ cache }) => cache.getOrSet('a', held.load)))
    expect(served).toEqual(Array(5).fill('old'))
    await world.clock.advance(0)
    expect(held.calls).toBe(1)
    held.finish('new')
    await world.clock.advance(0)
    for (const { cache } of processes) expect(await cache.getOrSet('a', held.load)).toBe('new')
    expect(held.calls).toBe(1)
  })

  it('has all of them wait for a refresh that outlives the old value, and nobody loads a second time', async () => {
    const { world, server } = memoryWorld()
    const [here, there] = [world.open(memory, options), world.open(memory, options)]
    await here.cache.set('a', 'old')
    await world.clock.advance(1_500)
    const held = heldLoad<string>()
    expect(await here.cache.getOrSet('a', held.load)).toBe('old')
    await world.clock.advance(600)
    const waiting = [here, there].flatMap(({ cache }) => [
      cache.getOrSet('a', held.load),
      cache.getOrSet('a', held.load),
    ])
    const done = settled(Promise.race(waiting))
    // Longer than the claim lives unless it is renewed, and than the old frame lingers.
    await world.clock.advance(8_000)
    expect(done()).toBe(false)
    expect(server.keys()).toContain(world.at('a'))
    held.finish('new')
    await world.clock.advance(1_000)
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('new'))
    expect(held.calls).toBe(1)
    expect(here.trace.types().filter(type => type === 'commit')).toHaveLength(1)
    expect(there.trace.types()).toEqual(['miss', 'miss', 'claim-wait'])
  })

  it('stores nothing when another process deletes the key meanwhile', async () => {
    const { world } = memoryWorld()
    const [here, there] = [world.open(memory, options), world.open(memory, options)]
    await here.cache.set('a', 'old')
    await world.clock.advance(1_000)
    const held = heldLoad<string>()
    expect(await here.cache.getOrSet('a', held.load)).toBe('old')
    await held.begun
    await there.cache.delete('a')
    expect(await here.cache.getOrSet('a', () => 'new')).toBe('new')
    held.finish('older')
    await world.clock.advance(0)
    expect(here.trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    expect(await there.cache.get('a')).toBe('new')
  })
})

describe('A softTimeout in several processes', () => {
  it('is waited out by the one that loads; the others are served at once, and after the death all wait', async () => {
    const { world } = memoryWorld()
    const [here, there] = [
      world.open(memory, { ...options, softTimeout: 100 }),
      world.open(memory, { ...options, softTimeout: 100 }),
    ]
    await here.cache.set('a', 'old')
    await world.clock.advance(1_000)
    const held = heldLoad<string>()
    const loading = here.cache.getOrSet('a', held.load)
    await held.begun
    const waiting = there.cache.getOrSet('a', held.load)
    const done = settled(waiting)
    await world.clock.advance(0)
    expect(done()).toBe(true)
    expect(await waiting).toBe('old')
    await world.clock.advance(100)
    expect(await loading).toBe('old')
    await world.clock.advance(1_000)
    const after = [here.cache.getOrSet('a', held.load), there.cache.getOrSet('a', held.load)]
    await world.clock.advance(3_000)
    held.finish('new')
    await world.clock.advance(50)
    expect(await Promise.all(after)).toEqual(['new', 'new'])
    expect(held.calls).toBe(1)
    expect(here.trace.types()).toContain('commit')
  })
})
