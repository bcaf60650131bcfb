import type { CacheEvent } from '@lookaside/core'
import type { EventTrace } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { publishedBy } from './messages.js'

const told = (trace: EventTrace<CacheEvent>) =>
  trace.lines('reason', 'state').filter(line => /^(bus|local-drop)/.test(line))

/** Two processes; `there` has a copy of `k`. */
async function twoProcesses() {
  const fleet = openFleet()
  const [here, there] = [await fleet.member(), await fleet.member()]
  await here.cache.set('k', 'old')
  await fleet.settle()
  await there.cache.get('k')
  there.trace.events.length = 0
  return { fleet, here, there }
}

describe('Each second a cache', () => {
  test('repeats the number of its latest message, and nothing more', async () => {
    const { fleet, here } = await twoProcesses()
    await here.cache.delete('k')
    await fleet.settle()
    here.bus.published.length = 0
    await fleet.clock.advance(3_000)
    const beats = publishedBy(here.bus)
    expect(beats).toHaveLength(3)
    for (const beat of beats) {
      expect(beat).toEqual({ format: 1, source: expect.any(String), number: 2, type: 'beat' })
    }
  })

  test('says nothing while the bus is down', async () => {
    const { fleet, here } = await twoProcesses()
    here.bus.cut()
    here.bus.published.length = 0
    await fleet.clock.advance(3_000)
    expect(here.bus.published).toEqual([])
  })
})

describe('Copies', () => {
  test('outlive any number of heartbeats', async () => {
    const { fleet, there } = await twoProcesses()
    await fleet.clock.advance(120_000)
    expect(there.cache.peek('k')).toBe('old')
    expect(told(there.trace)).toEqual([])
  })

  test('are dropped when a source dies whose last message was lost', async () => {
    const { fleet, here, there } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('k')
    // Killed: it says no bye.
    here.bus.cut()
    await fleet.clock.advance(3_000)
    expect(there.cache.peek('k')).toBe('old')
    await fleet.clock.advance(1_500)
    expect(there.cache.peek('k')).toBeUndefined()
    expect(told(there.trace)).toEqual(['local-drop reason=silence'])
  })

  test('are kept again after a source was given up', async () => {
    const { fleet, here, there } = await twoProcesses()
    here.bus.cut()
    await fleet.clock.advance(10_000)
    expect(await there.cache.get('k')).toBe('old')
    expect(there.cache.peek('k')).toBe('old')
    await fleet.clock.advance(60_000)
    expect(there.cache.peek('k')).toBe('old')
    expect(told(there.trace)).toEqual(['local-drop reason=silence'])
  })

  test('are dropped once more when a source that was given up has told something meanwhile', async () => {
    const { fleet, here, there } = await twoProcesses()
    here.bus.cut()
    await fleet.clock.advance(10_000)
    await there.cache.get('k')
    await here.cache.delete('k')
    expect(there.cache.peek('k')).toBe('old')
    here.bus.restore()
    await fleet.settle()
    expect(there.cache.peek('k')).toBeUndefined()
    expect(told(there.trace)).toEqual(['local-drop reason=silence', 'local-drop reason=unknown-source'])
  })

  test('are no older than maxLocalStaleness when a process is cut off from the bus, but not from the store', async () => {
    const fleet = openFleet({ maxLocalStaleness: '20s' })
    const [here, there] = [await fleet.member(), await fleet.member()]
    await here.cache.set('k', 'old')
    here.bus.cut()
    await fleet.clock.advance(10_000)
    await there.cache.get('k')
    await here.cache.delete('k')
    await fleet.clock.advance(19_999)
    expect(there.cache.peek('k')).toBe('old')
    await fleet.clock.advance(1)
    expect(there.cache.peek('k')).toBeUndefined()
  })
})

describe('A cache that does not hear itself', () => {
  test('keeps nothing, and trusts the bus again once its hello comes back', async () => {
    const { fleet, there } = await twoProcesses()
    there.bus.lose(Number.POSITIVE_INFINITY)
    await fleet.clock.advance(3_000)
    expect(there.cache.peek('k')).toBe('old')
    await fleet.clock.advance(2_000)
    expect(there.cache.peek('k')).toBeUndefined()
    expect(await there.cache.get('k')).toBe('old')
    expect(there.cache.peek('k')).toBeUndefined()
    there.bus.heal()
    await fleet.clock.advance(1_000)
    await there.cache.get('k')
    expect(there.cache.peek('k')).toBe('old')
    expect(told(there.trace).filter(line => line.startsWith('bus'))).toEqual([
      'bus state=down',
      'bus state=up',
    ])
  })

  test('learns of that although it hears the others', async () => {
    const { fleet, there } = await twoProcesses()
    there.bus.refuse()
    await fleet.clock.advance(5_000)
    expect(there.cache.peek('k')).toBeUndefined()
    expect(told(there.trace)).toEqual(['local-drop reason=silence', 'bus state=down'])
  })

  test('drops what it had when it was busy for so long that it could not hear', async () => {
    const { fleet, there } = await twoProcesses()
    there.bus.hold()
    await fleet.clock.advance(5_000)
    there.bus.release()
    expect(there.cache.peek('k')).toBeUndefined()
  })
})
