import type { CacheEvent } from '@lookaside/core'
import type { EventTrace } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'

const drops = (trace: EventTrace<CacheEvent>) =>
  trace.lines('reason').filter(line => line.startsWith('local-drop'))

/** Two processes; `there` has copies of `a` and `b`. */
async function twoProcesses() {
  const fleet = openFleet()
  const [here, there] = [await fleet.member(), await fleet.member()]
  for (const key of ['a', 'b']) {
    await here.cache.set(key, 'old')
    await fleet.settle()
    await there.cache.get(key)
  }
  there.trace.events.length = 0
  const copies = () => ['a', 'b'].filter(key => there.cache.peek(key) !== undefined)
  return { fleet, here, there, copies }
}

describe('A message that arrives', () => {
  test('drops what it names and nothing else', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    await here.cache.delete('a')
    await fleet.settle()
    expect(copies()).toEqual(['b'])
    await here.cache.set('b', 'new')
    await fleet.settle()
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual([])
  })

  test('drops nothing of the one who has sent it', async () => {
    const { fleet, here } = await twoProcesses()
    await here.cache.set('a', 'new')
    await fleet.settle()
    expect(here.cache.peek('a')).toBe('new')
    expect(here.cache.peek('b')).toBe('old')
  })

  test('drops what it names only when it arrives', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    there.bus.hold()
    await here.cache.delete('a')
    await fleet.settle()
    expect(copies()).toEqual(['a', 'b'])
    there.bus.release()
    expect(copies()).toEqual(['b'])
  })
})

describe('A message that is lost', () => {
  test('is noticed by the next one: everything is dropped', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('a')
    await fleet.settle()
    expect(copies()).toEqual(['a', 'b'])
    await here.cache.delete('another')
    await fleet.settle()
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('is noticed by the next heartbeat', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('a')
    await fleet.clock.advance(1_000)
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('is noticed once, and what comes after it counts on from there', async () => {
    const { fleet, here, there } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('a')
    await fleet.clock.advance(1_000)
    await here.cache.delete('b')
    await fleet.clock.advance(60_000)
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('is noticed although it was never sent', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    here.bus.refuse(new Error('connection lost'), 1)
    expect(await here.cache.delete('a')).toBe(true)
    expect(copies()).toEqual(['a', 'b'])
    await fleet.clock.advance(1_000)
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('is noticed by the leave that its sender takes', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('a')
    await here.cache.close()
    await fleet.settle()
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('keeps a read from being kept that was under way when it was noticed', async () => {
    const { fleet, here, there } = await twoProcesses()
    there.bus.lose()
    await here.cache.delete('a')
    await fleet.plain().set('c', 'value')
    there.store.delay(10, { ops: ['get'], times: 1 })
    const reading = there.cache.get('c')
    await fleet.settle()
    await here.cache.delete('b')
    await fleet.clock.advance(10)
    expect(await reading).toBe('value')
    expect(there.cache.peek('c')).toBeUndefined()
  })
})

describe('A source that was not heard before', () => {
  test('drops everything when its first number is not 1', async () => {
    const { fleet, there, copies } = await twoProcesses()
    // Its hello, how another has answered that, and its first message.
    there.bus.lose(3)
    const third = await fleet.member()
    await third.cache.delete('a')
    await fleet.settle()
    expect(copies()).toEqual(['a', 'b'])
    await third.cache.delete('another')
    await fleet.settle()
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=unknown-source'])
  })

  test('drops everything when its heartbeat tells of what was not heard', async () => {
    const { fleet, there, copies } = await twoProcesses()
    // Its hello, how another has answered that, and its first message.
    there.bus.lose(3)
    const third = await fleet.member()
    await third.cache.delete('a')
    await fleet.clock.advance(1_000)
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=unknown-source'])
  })

  test('drops what it names when its first number is 1', async () => {
    const { fleet, there, copies } = await twoProcesses()
    there.bus.lose()
    const third = await fleet.member()
    await third.cache.delete('a')
    await fleet.settle()
    expect(copies()).toEqual(['b'])
    expect(drops(there.trace)).toEqual([])
  })

  test('drops nothing by joining and leaving', async () => {
    const { fleet, there, copies } = await twoProcesses()
    const third = await fleet.member()
    await fleet.clock.advance(5_000)
    await third.cache.close()
    await fleet.clock.advance(5_000)
    expect(copies()).toEqual(['a', 'b'])
    expect(drops(there.trace)).toEqual([])
  })
})
