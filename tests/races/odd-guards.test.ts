import type { Entry, Flight, Guard } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { memory } from '../backends.js'
import { gate } from '../behaviour/gate.js'
import { memoryWorld } from './claim-world.js'
import { heldLoad } from './held-load.js'

type Run = <V>(flight: Flight<V>, next: (flight: Flight<V>) => Promise<Entry<V>>) => Promise<Entry<V>>

/** A process whose guard does as the test says. */
function guardedBy(run: Run) {
  const { world, server } = memoryWorld()
  const guard: Guard = { name: 'odd', joins: true, run }
  return { world, server, ...world.open(memory, { guard }) }
}

describe('A guard', () => {
  test('that resolves to nothing rejects its callers, and is named', async () => {
    const { cache } = guardedBy(async () => undefined as never)
    await expect(cache.getOrSet('row', () => 'loaded')).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining('run of the guard odd'),
    })
  })

  test('that calls what is inside it twice does not wait for itself', async () => {
    const { cache, world } = guardedBy((flight, next) => Promise.any([next(flight), next(flight)]))
    const call = cache.getOrSet('row', () => world.clock.sleep(10).then(() => 'loaded'))
    await world.clock.advance(100)
    expect(await call).toBe('loaded')
  })

  test('that loads twice, of which one fails, leaves no claim behind', async () => {
    const { cache, world } = guardedBy(async flight => {
      const claim = await flight.claim()
      const first = flight.load(typeof claim === 'object' ? claim : undefined)
      return Promise.any([first, flight.load()])
    })
    let calls = 0
    await cache.getOrSet('row', async () => {
      if (++calls === 1) throw new Error('down')
      return 'loaded'
    })
    await world.clock.advance(0)
    const other = world.open(memory)
    await other.cache.getOrSet('row', () => 'stored')
    expect(await other.cache.get('row')).toBe('stored')
  })

  test('whose last caller leaves while it claims leaves no claim behind', async () => {
    const deciding = gate()
    const { cache, store, world } = guardedBy(async flight => {
      const claim = await flight.claim()
      await deciding.passed
      return flight.load(typeof claim === 'object' ? claim : undefined)
    })
    const leaving = new AbortController()
    store.delay(50)
    const call = cache.getOrSet('row', () => 'loaded', { signal: leaving.signal }).catch(String)
    await world.clock.advance(75)
    leaving.abort('gone')
    expect(await call).toBe('gone')
    await world.clock.advance(200)
    deciding.open()
    await world.clock.advance(0)
    const other = world.open(memory)
    await other.cache.getOrSet('row', () => 'stored')
    expect(await other.cache.get('row')).toBe('stored')
  })

  test('that waits before the load keeps its flight through deletes: what it will load is newer', async () => {
    const waiting = gate()
    const { cache, world } = guardedBy(async (flight, next) => {
      await waiting.passed
      return next(flight)
    })
    const held = heldLoad<string>()
    const crowd = [cache.getOrSet('row', held.load)]
    for (let n = 0; n < 4; n++) {
      await world.clock.advance(0)
      await cache.delete('row')
      crowd.push(cache.getOrSet('row', held.load))
    }
    await world.clock.advance(0)
    waiting.open()
    held.finish('new')
    expect(await Promise.all(crowd)).toEqual(Array(5).fill('new'))
    expect(held.calls).toBe(1)
    expect(await cache.get('row')).toBe('new')
  })
})
