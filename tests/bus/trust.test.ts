import { type CacheEvent, createCache, type MessageBus } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { type EventTrace, eventTrace, ManualClock, memoryRemoteStore } from '@lookaside/testing'
import { expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { handBus, message } from './messages.js'

/** A cache on a bus that the test moves by hand, with a value in its remote tier. */
async function byHand() {
  const clock = new ManualClock()
  const bus = handBus()
  const cache = createCache({ store: [lruStore(), memoryRemoteStore({ clock })], bus, clock })
  await cache.set('k', 'value')
  const keeps = async () => {
    expect(await cache.get('k')).toBe('value')
    return cache.peek('k') !== undefined
  }
  const bring = (...messages: (Uint8Array | undefined)[]) => {
    for (const one of messages) if (one !== undefined) bus.listener.message(one)
  }
  return { clock, bus, cache, keeps, bring, trace: eventTrace(cache) }
}

const told = (trace: EventTrace<CacheEvent>) =>
  trace.lines('reason', 'state').filter(line => /^(bus|local-drop)/.test(line))

test('nothing is kept before the bus is up', async () => {
  const { keeps } = await byHand()
  expect(await keeps()).toBe(false)
})

test('nothing is kept before the own hello has come back, and everything from then on', async () => {
  const { bus, keeps, bring } = await byHand()
  bus.listener.up()
  expect(await keeps()).toBe(false)
  bring(bus.published.at(-1))
  expect(await keeps()).toBe(true)
})

test('what others say is no reason for trust', async () => {
  const { bus, keeps, bring } = await byHand()
  bus.listener.up()
  bring(message({ format: 1, source: 'another', number: 0, type: 'hello' }))
  bring(message({ format: 1, source: 'another', number: 0, type: 'beat' }))
  expect(await keeps()).toBe(false)
})

test('what was sent before the bus came back is no reason for trust', async () => {
  const { bus, clock, cache, keeps, bring } = await byHand()
  bus.listener.up()
  bring(...bus.published.splice(0))
  await cache.delete('another')
  await clock.advance(1_000)
  const late = bus.published.splice(0)
  bus.listener.down()
  bus.listener.up()
  bring(...late)
  expect(late.length).toBe(2)
  expect(await keeps()).toBe(false)
  bring(...bus.published)
  expect(await keeps()).toBe(true)
})

test('what comes back while the bus is down is no reason for trust', async () => {
  const { bus, keeps, bring } = await byHand()
  bus.listener.up()
  bus.listener.down()
  bring(...bus.published)
  expect(await keeps()).toBe(false)
})

test('a hello that was lost is said again with the next beat', async () => {
  const { bus, clock, keeps, bring } = await byHand()
  bus.listener.up()
  bus.published.length = 0
  await clock.advance(1_000)
  bring(...bus.published)
  expect(await keeps()).toBe(true)
})

test('a read that was sent before the bus was trusted is not kept', async () => {
  const fleet = openFleet()
  await fleet.plain().set('k', 'value')
  const { cache, bus, store } = await fleet.member()
  bus.cut()
  store.delay(10, { ops: ['get'], times: 1 })
  const reading = cache.get('k')
  await fleet.settle()
  bus.restore()
  await fleet.clock.advance(10)
  expect(await reading).toBe('value')
  expect(cache.peek('k')).toBeUndefined()
  await cache.get('k')
  expect(cache.peek('k')).toBe('value')
})

test('a bus that goes down takes all copies with it, and brings none back', async () => {
  const fleet = openFleet()
  const { cache, bus, trace } = await fleet.member()
  await cache.set('k', 'value')
  bus.cut(new Error('connection reset'))
  expect(cache.peek('k')).toBeUndefined()
  expect(await cache.get('k')).toBe('value')
  expect(cache.peek('k')).toBeUndefined()
  bus.restore()
  await fleet.settle()
  expect(cache.peek('k')).toBeUndefined()
  expect(told(trace)).toEqual([
    'local-drop reason=bus-down',
    'bus state=down',
    'local-drop reason=bus-down',
    'local-drop reason=bus-up',
    'bus state=up',
  ])
  expect(trace.events.find(({ type }) => type === 'bus')).toEqual({
    type: 'bus',
    bus: 'memory',
    state: 'down',
    cause: new Error('connection reset'),
  })
})

test('what was changed while the bus was down is not served once it is back', async () => {
  const fleet = openFleet()
  const [here, there] = [await fleet.member(), await fleet.member()]
  await here.cache.set('k', 'old')
  here.bus.cut()
  await there.cache.set('k', 'new')
  expect(await here.cache.get('k')).toBe('new')
  await there.cache.set('k', 'newer')
  here.bus.restore()
  await fleet.settle()
  expect(await here.cache.get('k')).toBe('newer')
})

test('invalidations reach the store while the bus is down, and the others once it is back', async () => {
  const fleet = openFleet()
  const [here, there] = [await fleet.member(), await fleet.member()]
  await here.cache.set('k', 'old')
  await there.cache.get('k')
  here.bus.cut()
  expect(await here.cache.delete('k')).toBe(true)
  expect(await fleet.plain().has('k')).toBe(false)
  expect(there.cache.peek('k')).toBe('old')
  here.bus.restore()
  await fleet.settle()
  expect(there.cache.peek('k')).toBeUndefined()
  expect(told(there.trace)).toEqual(['local-drop reason=gap'])
})

test('a bus that does not take a message costs an invalidation no more than one deadline', async () => {
  const { clock, server } = openFleet()
  const bus: MessageBus = {
    kind: 'messages',
    name: 'stuck',
    listen: () => () => {},
    publish: () => new Promise(() => {}),
    close: async () => {},
  }
  const cache = createCache({ store: [lruStore(), server.store()], bus, clock, storeTimeout: 150 })
  let answer: boolean | undefined
  void cache.delete('k').then(delivered => {
    answer = delivered
  })
  await clock.advance(149)
  expect(answer).toBeUndefined()
  await clock.advance(1)
  expect(answer).toBe(true)
})
