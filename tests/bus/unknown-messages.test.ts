import type { CacheEvent } from '@lookaside/core'
import type { EventTrace } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { CHANNEL, handBus, message } from './messages.js'

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

describe('A message that can not be understood', () => {
  const valid = { format: 1, source: 'another', number: 1, type: 'keys', keys: ['lookaside::c'] }

  test.each<[string, unknown]>([
    ['is of a later format', { ...valid, format: 2 }],
    ['is of a type of a later release', { ...valid, type: 'rename' }],
    ['has no source', { ...valid, source: undefined }],
    ['has no number', { ...valid, number: 'one' }],
    ['has no keys', { ...valid, keys: 'lookaside::c' }],
    ['has keys that are none', { ...valid, keys: [1] }],
    ['has tags of no kind', { ...valid, type: 'tags', tokens: [] }],
    ['clears no path', { ...valid, type: 'clear' }],
    ['is no object', 'null'],
    ['is no JSON', '\u{0}'],
    ['is empty', ''],
  ])('drops everything: it %s', async (_, content) => {
    const { fleet, here, there, copies } = await twoProcesses()
    await here.bus.publish(CHANNEL, message(content))
    await fleet.settle()
    expect(copies()).toEqual([])
    expect(drops(there.trace)).toEqual(['local-drop reason=gap'])
  })

  test('is not one that has more in it than this release knows', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    await here.bus.publish(CHANNEL, message({ ...valid, keys: ['lookaside::a'], hint: 'later' }))
    await fleet.settle()
    expect(copies()).toEqual(['b'])
    expect(drops(there.trace)).toEqual([])
  })
})

test('a server that has dropped everything takes the copies with it', async () => {
  const fleet = openFleet()
  const bus = handBus()
  const { cache, trace } = fleet.lone({ bus })
  bus.listener.up()
  bus.listener.message(bus.published.at(-1) as Uint8Array)
  await cache.set('k', 'value')
  bus.listener.flushed()
  expect(cache.peek('k')).toBeUndefined()
  expect(drops(trace).at(-1)).toBe('local-drop reason=flushed')
})
