import { memoryBus } from '@lookaside/core'
import { faultyBus, memoryRemoteServer } from '@lookaside/testing'
import { expect, test } from 'vitest'
import { listen, send, settle, setUp } from './faulty-bus-set-up.js'

test('a cut is told at once, with its cause, and so is its end', async () => {
  const { bus, told } = await setUp()
  bus.cut(new Error('connection reset'))
  bus.cut(new Error('again'))
  expect(told).toEqual(['down: connection reset'])
  bus.restore()
  bus.restore()
  expect(told).toEqual(['down: connection reset', 'up'])
})

test('what arrives during a cut is lost, with what was held back before', async () => {
  const { shared, bus, told } = await setUp()
  bus.hold()
  await send(shared, 'one')
  bus.cut()
  await send(shared, 'two')
  bus.restore()
  bus.release()
  await send(shared, 'three')
  expect(told).toEqual(['down', 'up', 'three'])
})

test('a listener that comes during a cut is up after it', async () => {
  const { bus } = await setUp()
  bus.cut()
  const { told } = listen(bus)
  await settle()
  expect(told).toEqual([])
  bus.restore()
  expect(told).toEqual(['up'])
})

test('a cut ends for those only for whom the bus within is up', async () => {
  const inner = faultyBus(memoryBus())
  const bus = faultyBus(inner)
  const { told } = listen(bus)
  await settle()
  bus.cut()
  inner.cut()
  bus.restore()
  expect(told).toEqual(['up', 'down'])
  inner.restore()
  expect(told).toEqual(['up', 'down', 'up'])
})

test('healing ends a cut and releases what is held back', async () => {
  const { bus, told } = await setUp()
  bus.hold()
  await send(bus, 'one')
  bus.heal()
  bus.cut()
  bus.heal()
  expect(told).toEqual(['one', 'down', 'up'])
})

test('closing a faulty bus closes the one within, and tells nothing of what was held back', async () => {
  const { shared, bus, told } = await setUp()
  bus.hold()
  await send(bus, 'one')
  await bus.close()
  bus.release()
  bus.cut()
  expect(told).toEqual([])
  await expect(shared.publish('a', new Uint8Array())).rejects.toThrow('closed')
})

test('changes and the flushing of a server are held back, lost and cut off as messages are', async () => {
  const server = memoryRemoteServer()
  const store = server.store()
  const bus = faultyBus(server.changeBus())
  const told: string[] = []
  bus.listen('', {
    up: () => void told.push('up'),
    down: () => void told.push('down'),
    flushed: () => void told.push('flushed'),
    changed: keys => void told.push(keys.join()),
  })
  bus.lose(2)
  await store.set('a', Buffer.from('1'), 60_000)
  server.empty()
  await settle()
  expect(told).toEqual(['up'])
  bus.hold()
  await store.set('b', Buffer.from('1'), 60_000)
  server.empty()
  await settle()
  expect(told).toEqual(['up'])
  bus.release()
  expect(told).toEqual(['up', 'b', 'flushed'])
  bus.cut()
  await store.set('c', Buffer.from('1'), 60_000)
  await settle()
  bus.restore()
  expect(told).toEqual(['up', 'b', 'flushed', 'down', 'up'])
  await bus.close()
})
