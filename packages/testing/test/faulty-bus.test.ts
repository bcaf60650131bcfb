import { faultyBus } from '@lookaside/testing'
import { expect, test } from 'vitest'
import { listen, send, settle, setUp } from './faulty-bus-set-up.js'

test('a faulty bus logs what it was given to publish, also what it could not', async () => {
  const { shared, bus } = await setUp()
  await send(shared, 'by another')
  await send(bus, 'one')
  bus.cut()
  await expect(send(bus, 'two')).rejects.toThrow('was lost')
  expect(bus.published.map(({ channel, bytes }) => `${channel} ${Buffer.from(bytes)}`)).toEqual([
    'a one',
    'a two',
  ])
})

test('a faulty bus keeps what was published apart from what becomes of its buffer', async () => {
  const { bus } = await setUp()
  const buffer = Buffer.from('one')
  await bus.publish('a', buffer)
  buffer.fill(0)
  expect(`${Buffer.from(bus.published[0]?.bytes ?? [])}`).toBe('one')
})

test('the next messages are lost to each of those who listen, and nobody is told', async () => {
  const { shared, bus, told } = await setUp()
  const second = listen(bus)
  const elsewhere = listen(faultyBus(shared))
  bus.lose(2)
  await send(shared, 'one')
  await send(bus, 'two', 'three')
  bus.lose()
  await send(shared, 'four', 'five')
  expect(told).toEqual(['three', 'five'])
  expect(second.told).toEqual(['up', 'three', 'five'])
  expect(elsewhere.told).toEqual(['up', 'one', 'two', 'three', 'four', 'five'])
})

test('what was to be lost arrives after the healing', async () => {
  const { bus, told } = await setUp()
  bus.lose(Number.POSITIVE_INFINITY)
  await send(bus, 'one')
  bus.heal()
  await send(bus, 'two')
  expect(told).toEqual(['two'])
})

test('what is held back is told in its order once it is released', async () => {
  const { shared, bus, told } = await setUp()
  bus.hold()
  await send(shared, 'one')
  await send(bus, 'two')
  const late = listen(bus)
  await settle()
  expect([...told, ...late.told]).toEqual([])
  bus.release()
  expect(told).toEqual(['one', 'two'])
  expect(late.told).toEqual(['up'])
  await send(shared, 'three')
  expect(told).toEqual(['one', 'two', 'three'])
})

test('a listener that is ended while its messages are held back does not hear them', async () => {
  const { bus, told, end } = await setUp()
  bus.hold()
  await send(bus, 'one')
  end()
  bus.release()
  expect(told).toEqual([])
})

test('a bus refuses as many messages as it was told to, and hears on', async () => {
  const { shared, bus, told } = await setUp()
  bus.refuse(new Error('no'), 1)
  await expect(send(bus, 'one')).rejects.toThrow('no')
  await send(bus, 'two')
  bus.refuse()
  await expect(send(bus, 'three')).rejects.toThrow('was lost')
  await send(shared, 'four')
  bus.heal()
  await send(bus, 'five')
  expect(told).toEqual(['two', 'four', 'five'])
})
