import { createCache, memoryBus } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { faultyBus, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { settled } from '../behaviour/settled.js'
import { openFleet } from '../fleet.js'
import { publishedBy } from './messages.js'

async function twoProcesses() {
  const fleet = openFleet()
  const [here, there] = [await fleet.member(), await fleet.member()]
  await here.cache.set('k', 'value')
  await fleet.settle()
  await there.cache.get('k')
  there.trace.events.length = 0
  return { fleet, here, there }
}

describe('A cache that is closed', () => {
  test('takes its leave, which drops nothing elsewhere, then or later', async () => {
    const { fleet, here, there } = await twoProcesses()
    here.bus.published.length = 0
    await here.cache.close()
    expect(publishedBy(here.bus)).toMatchObject([{ type: 'bye', number: 1 }])
    await fleet.clock.advance(60_000)
    expect(there.cache.peek('k')).toBe('value')
    expect(there.trace.types()).not.toContain('local-drop')
  })

  test('that has not taken its leave drops everything elsewhere', async () => {
    const { fleet, here, there } = await twoProcesses()
    here.bus.refuse()
    await here.cache.close()
    await fleet.clock.advance(5_000)
    expect(there.cache.peek('k')).toBeUndefined()
  })

  test('answers nobody who joins while it takes its leave', async () => {
    const { fleet, here, there } = await twoProcesses()
    const { publish } = here.bus
    let leave = () => {}
    const left = new Promise<void>(resolve => {
      leave = resolve
    })
    here.bus.publish = async (channel, bytes) => {
      await publish(channel, bytes)
      await left
    }
    const closing = here.cache.close()
    await fleet.settle()
    await fleet.member()
    leave()
    await closing
    await fleet.clock.advance(5_000)
    expect(publishedBy(here.bus).at(-1)).toMatchObject({ type: 'bye' })
    expect(there.trace.types()).not.toContain('local-drop')
  })

  test('keeps no copies, sets no timers, and is told nothing', async () => {
    const { fleet, here, there } = await twoProcesses()
    await there.cache.close()
    const { pending } = fleet.clock
    expect(there.local.size).toBe(0)
    there.trace.events.length = 0
    await here.cache.close()
    await fleet.clock.advance(10_000)
    expect(pending).toBe(1)
    expect(fleet.clock.pending).toBe(0)
    expect(there.local.size).toBe(0)
    expect(there.trace.events).toEqual([])
  })
})

describe('The bus of a cache', () => {
  function sharing() {
    const clock = new ManualClock()
    const server = memoryRemoteServer({ clock })
    const bus = faultyBus(memoryBus())
    const close = vi.spyOn(bus, 'close')
    const open = () => createCache({ store: [lruStore(), server.store()], bus, clock })
    return { clock, bus, close, open }
  }

  test('is closed by the last one that uses it, once', async () => {
    const { close, open } = sharing()
    const [first, second] = [open(), open()]
    await first.close()
    await first.close()
    expect(close).not.toHaveBeenCalled()
    await second.close()
    expect(close).toHaveBeenCalledTimes(1)
  })

  test('goes on for the others', async () => {
    const { clock, open } = sharing()
    const [first, second, third] = [open(), open(), open()]
    await first.close()
    await clock.advance(0)
    await second.set('k', 'value')
    await third.get('k')
    expect(third.peek('k')).toBe('value')
    await second.delete('k')
    await clock.advance(0)
    expect(third.peek('k')).toBeUndefined()
  })

  test.each(['hangs', 'fails'])('does not keep the cache from being closed when it %s', async how => {
    const { clock, close, open } = sharing()
    const cache = open()
    if (how === 'hangs') close.mockReturnValue(new Promise(() => {}))
    else close.mockRejectedValue(new Error('connection reset'))
    const closing = cache.close()
    const done = settled(closing)
    await clock.advance(5_000)
    expect(done()).toBe(true)
    await closing
  })

  test('that takes no messages does not keep the cache from being closed', async () => {
    const { clock, bus, open } = sharing()
    const cache = open()
    await clock.advance(0)
    vi.spyOn(bus, 'publish').mockReturnValue(new Promise(() => {}))
    const done = settled(cache.close())
    await clock.advance(5_000)
    expect(done()).toBe(true)
  })
})
