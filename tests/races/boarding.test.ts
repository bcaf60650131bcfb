import type { Cache, Guard } from '@lookaside/core'
import { createCache, flightWith } from '@lookaside/core'
import { claimed } from '@lookaside/stampede-guard'
import { ManualClock, type MemoryRemoteServer, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate } from '../behaviour/gate.js'
import { settled } from '../behaviour/settled.js'
import { heldLoad } from './held-load.js'
import { scheduledStore } from './simulation/scheduled-store.js'

/** Looks, and thinks it over before it asks for a claim. */
const thoughtful: Guard = {
  name: 'thoughtful',
  joins: true,
  async run(flight, next) {
    while (true) {
      const arrived = await flight.recheck()
      if (arrived !== undefined) return arrived
      await flight.clock.sleep(10, flight.signal)
      const claim = await flight.claim()
      if (typeof claim === 'object') return next(flightWith(flight, { claim: async () => claim }))
    }
  },
}

/** Processes on one server, and what holds up the answers that one of them gets. */
function twoProcesses(guard: Guard) {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const [here, there] = [open(server, clock, guard), open(server, clock)]
  return { clock, here, there, server }
}

function open(server: MemoryRemoteServer, clock: ManualClock, guard?: Guard) {
  const held = new Set<Promise<void>>()
  const store = scheduledStore(server.store(), async label => {
    if (label !== 'get answered') return
    const [waiting] = held
    if (waiting === undefined) return
    held.delete(waiting)
    await waiting
  })
  const cache: Cache = createCache({ store, clock, guard, storeTimeout: '1d', hardTimeout: '1d', ttl: '1h' })
  onTestFinished(() => cache.close())
  return {
    cache,
    /** Holds up the answer to the next read until the returned function is called. */
    holdNextAnswer() {
      const { passed, open } = gate()
      held.add(passed)
      return open
    },
  }
}

describe('a caller who asks after another process has deleted the key', () => {
  /** Two calls here of which the first loads; the second has missed too late to share that as its own read tells. */
  async function ridingAlong(guard: Guard) {
    const world = twoProcesses(guard)
    const { clock, here } = world
    const load = heldLoad<string>()
    const answer = here.holdNextAnswer()
    const riding = here.cache.getOrSet('row', () => 'loaded twice')
    await clock.advance(0)
    const loading = here.cache.getOrSet('row', load.load)
    await clock.advance(20)
    await load.begun
    answer()
    await clock.advance(0)
    return { ...world, load, loading, riding }
  }

  test('gets nothing that a look finds which was sent before', async () => {
    const { clock, here, there } = twoProcesses(claimed({ wait: '1h', poll: { min: 10, max: 10 } }))
    const load = heldLoad<string>()
    const loading = there.cache.getOrSet('row', load.load)
    await load.begun
    const waiting = here.cache.getOrSet('row', () => 'loaded twice')
    await clock.advance(0)
    load.finish('old')
    await loading
    const answer = here.holdNextAnswer()
    await clock.advance(10)
    await there.cache.delete('row')
    const asking = here.cache.getOrSet('row', () => 'new')
    await clock.advance(0)
    answer()
    expect(await waiting).toBe('old')
    expect(await asking).toBe('new')
    expect(await there.cache.get('row')).toBe('new')
  })

  test('does not share a flight that shares an older one', async () => {
    const { clock, here, there, load, loading, riding } = await ridingAlong(claimed({ wait: '1h' }))
    await there.cache.delete('row')
    const asking = here.cache.getOrSet('row', () => 'new')
    const done = settled(asking)
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await asking).toBe('new')
    load.finish('old')
    expect(await Promise.all([loading, riding])).toEqual(['old', 'old'])
    expect(await there.cache.get('row')).toBe('new')
  })

  test('is not taken along to an older flight by one that it shares', async () => {
    const { clock, here, there, load, loading, riding } = await ridingAlong(thoughtful)
    await there.cache.delete('row')
    const asking = here.cache.getOrSet('row', () => 'not loaded')
    await clock.advance(100)
    load.finish('old')
    await clock.advance(0)
    expect(await asking).toBe('loaded twice')
    expect(await riding).toBe('loaded twice')
    expect(await loading).toBe('old')
    expect(await there.cache.get('row')).toBe('loaded twice')
  })
})
