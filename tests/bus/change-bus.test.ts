import type { CacheEvent } from '@lookaside/core'
import { type EventTrace, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'

const told = (trace: EventTrace<CacheEvent>) =>
  trace.lines('reason', 'state').filter(line => /^(bus|local-drop)/.test(line))

/** A process that has a copy of `k`, and the server as other programs see it. */
async function observer() {
  const fleet = openFleet()
  const there = await fleet.observer()
  await fleet.plain().set('k', 'old', { tags: ['t'] })
  await fleet.plain().set('other', 'old', { tags: ['other'] })
  await fleet.settle()
  await there.cache.getMany(['k', 'other'])
  expect(there.cache.peek('k')).toBe('old')
  return { fleet, there, foreign: fleet.server.store('another program') }
}

describe('A change that the server tells of drops the copy', () => {
  test.each(['deleted', 'overwritten', 'expired'] as const)('%s by a program without a cache', async how => {
    const { fleet, there, foreign } = await observer()
    if (how === 'deleted') await foreign.delete('lookaside::k')
    if (how === 'overwritten') await foreign.set('lookaside::k', new Uint8Array(1), 1_000)
    if (how === 'expired') await foreign.expire?.('lookaside::k', new Uint8Array(8))
    await fleet.settle()
    expect(there.cache.peek('k')).toBeUndefined()
    expect(there.cache.peek('other')).toBe('old')
    expect(told(there.trace)).toEqual([])
  })

  test('when the server forgets it', async () => {
    const fleet = openFleet({ ttl: 1_000, claimTtl: 1_000 })
    const there = await fleet.observer()
    await there.cache.set('k', 'value')
    await fleet.settle()
    await there.cache.get('k')
    expect(there.local.size).toBe(1)
    await fleet.clock.advance(2_000)
    expect(there.local.size).toBe(0)
  })

  test('whose tag was invalidated, by deleting the token', async () => {
    const { fleet, there, foreign } = await observer()
    await foreign.delete('lookaside:#tag:t')
    await fleet.settle()
    expect(there.cache.peek('k')).toBeUndefined()
    expect(there.cache.peek('other')).toBe('old')
    expect(await there.cache.get('k')).toBeUndefined()
  })

  test('whose tag was expired by a cache', async () => {
    const { fleet, there } = await observer()
    await fleet.plain().expireTags(['t'])
    await fleet.settle()
    expect(there.cache.peek('k')).toBeUndefined()
    expect(there.cache.peek('other')).toBe('old')
  })

  test('of a namespace that was cleared', async () => {
    const { fleet, there } = await observer()
    await fleet.plain().namespace('n').set('k', 'value')
    await there.cache.namespace('n').get('k')
    await fleet.plain().namespace('n').clear()
    await fleet.settle()
    expect(there.cache.namespace('n').peek('k')).toBeUndefined()
    expect(there.cache.peek('k')).toBe('old')
  })

  test('when this process has stored the value itself; its next read keeps it', async () => {
    const { fleet, there } = await observer()
    await there.cache.getOrSet('own', () => 'value')
    await fleet.settle()
    expect(there.cache.peek('own')).toBeUndefined()
    await there.cache.get('own')
    await fleet.settle()
    expect(there.cache.peek('own')).toBe('value')
  })

  test('and what was being read meanwhile is not kept', async () => {
    const { fleet, there, foreign } = await observer()
    await foreign.delete('lookaside::k')
    await fleet.settle()
    await fleet.plain().set('k', 'new')
    await fleet.settle()
    there.store.delay(10, { ops: ['get'], times: 1 })
    const reading = there.cache.get('k')
    await fleet.settle()
    await fleet.plain().set('k', 'newer')
    await fleet.clock.advance(10)
    expect(await reading).toBe('newer')
    expect(there.cache.peek('k')).toBeUndefined()
  })
})

describe('A cache on a bus of changes', () => {
  test('tells others nothing: they hear it from the server', async () => {
    const { fleet, there } = await observer()
    const another = await fleet.observer()
    await another.cache.delete('k')
    await fleet.settle()
    expect(there.cache.peek('k')).toBeUndefined()
  })

  test('does no I/O for fresh copies, tagged ones too', async () => {
    const { there } = await observer()
    there.store.calls.length = 0
    expect(await there.cache.getOrSet('k', () => 'loaded', { tags: ['t'] })).toBe('old')
    expect(there.store.calls).toEqual([])
  })

  test('drops everything when the server has', async () => {
    const { fleet, there } = await observer()
    fleet.server.empty()
    await fleet.settle()
    expect(there.local.size).toBe(0)
    expect(told(there.trace)).toEqual(['local-drop reason=flushed'])
  })

  test('keeps nothing while the bus is down, and drops everything when it is back', async () => {
    const { fleet, there, foreign } = await observer()
    there.bus.cut()
    expect(there.cache.peek('k')).toBeUndefined()
    expect(await there.cache.get('k')).toBe('old')
    expect(there.cache.peek('k')).toBeUndefined()
    await foreign.delete('lookaside::k')
    there.bus.restore()
    await fleet.settle()
    expect(await there.cache.get('k')).toBeUndefined()
    await there.cache.get('other')
    expect(there.cache.peek('other')).toBe('old')
    expect(told(there.trace)).toEqual([
      'local-drop reason=bus-down',
      'bus state=down',
      'local-drop reason=bus-up',
      'bus state=up',
    ])
  })

  test('keeps nothing of a read that was sent before the bus was up', async () => {
    const { fleet, there } = await observer()
    there.bus.cut()
    there.store.delay(10, { ops: ['get'], times: 1 })
    const reading = there.cache.get('k')
    await fleet.settle()
    there.bus.restore()
    await fleet.clock.advance(10)
    expect(await reading).toBe('old')
    expect(there.cache.peek('k')).toBeUndefined()
  })

  test('keeps nothing, and says so, when the bus listens to another server than the one with the values', async () => {
    const fleet = openFleet()
    const there = await fleet.observer({ bus: memoryRemoteServer({ clock: fleet.clock }).changeBus() })
    await there.cache.set('k', 'value')
    await there.cache.get('k')
    await fleet.clock.advance(10_000)
    await there.cache.get('k')
    expect(there.cache.peek('k')).toBeUndefined()
    expect(there.trace.events.filter(({ type }) => type === 'bus')).toEqual([
      expect.objectContaining({
        state: 'down',
        cause: expect.objectContaining({ code: 'ERR_CACHE_UNAVAILABLE' }),
      }),
    ])
    await there.cache.close()
  })

  test('tries again while its store does not answer', async () => {
    const fleet = openFleet()
    const there = await fleet.observer()
    there.bus.cut()
    there.store.fail(new Error('connection refused'))
    there.bus.restore()
    await fleet.clock.advance(5_000)
    there.store.heal()
    await fleet.plain().set('k', 'value')
    await there.cache.get('k')
    expect(there.cache.peek('k')).toBeUndefined()
    await fleet.clock.advance(2_000)
    await there.cache.get('k')
    expect(there.cache.peek('k')).toBe('value')
  })
})
