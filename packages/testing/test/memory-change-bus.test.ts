import type { ChangeBus } from '@lookaside/core'
import { ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { expect, test } from 'vitest'
import { FRAME_STATE, newFrame } from '../src/frame-layout.js'

const bytes = Buffer.from('bytes')

function listen(bus: ChangeBus, prefix = ''): { readonly told: string[]; readonly end: () => void } {
  const told: string[] = []
  const end = bus.listen(prefix, {
    up: () => void told.push('up'),
    down: () => void told.push('down'),
    flushed: () => void told.push('flushed'),
    changed: keys => void told.push(keys.join(' ')),
  })
  return { told, end }
}

async function setUp() {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const bus = server.changeBus()
  const { told, end } = listen(bus)
  await clock.advance(0)
  told.length = 0
  return { clock, server, store: server.store(), bus, told, end }
}

test('a bus of a server in memory has the name given', () => {
  const server = memoryRemoteServer()
  expect(server.changeBus().name).toBe('memory')
  expect(server.changeBus('tracking').name).toBe('tracking')
})

test('a bus of a server in memory tells in a later microtask', async () => {
  const { store, told } = await setUp()
  const written = store.set('a', bytes, 1_000)
  expect(told).toEqual([])
  await written
  expect(told).toEqual(['a'])
})

test('a bus of a server in memory tells of every operation that changes something', async () => {
  const { clock, store, told } = await setUp()
  const steps: [string, () => unknown][] = [
    ['set', () => store.set('set', bytes, 60_000)],
    ['add', () => store.add('add', bytes, 60_000)],
    ['replace', async () => store.replace('add', bytes, 60_000, (await store.get('add'))?.version ?? {})],
    ['delete', () => store.delete('add')],
    ['increment', () => store.increment('count', 1n, { initial: 0n, ttl: 60_000 })],
    ['expire a frame', () => store.set('frame', newFrame('', FRAME_STATE.value), 60_000)],
    ['expire', () => store.expire?.('frame', new Uint8Array(8))],
    ['expire a marker', () => store.expire?.('set', new Uint8Array(8))],
    ['clear', () => store.clear?.('')],
  ]
  const changes: string[] = []
  for (const [name, step] of steps) {
    await step()
    await clock.advance(0)
    changes.push(`${name}: ${told.splice(0).join(', ')}`)
  }
  expect(changes).toEqual([
    'set: set',
    'add: add',
    'replace: add',
    'delete: add',
    'increment: count',
    'expire a frame: frame',
    'expire: frame',
    'expire a marker: set',
    'clear: count frame',
  ])
})

test('a bus of a server in memory tells of no operation that changes nothing', async () => {
  const { clock, store, told } = await setUp()
  await store.set('a', bytes, 60_000)
  await clock.advance(0)
  told.length = 0
  await store.get('a')
  await store.getMany(['a', 'b'])
  await store.add('a', bytes, 60_000)
  await store.replace('a', bytes, 60_000, {})
  await store.delete('a', {})
  await store.delete('b')
  await store.deleteMany(['b', 'c'])
  await store.expire?.('b', new Uint8Array(8))
  await store.clear?.('b')
  await clock.advance(0)
  expect(told).toEqual([])
})

test('a bus of a server in memory tells at once of all that one operation deletes', async () => {
  const { clock, store, told } = await setUp()
  await store.set('a', bytes, 60_000)
  await store.set('b', bytes, 60_000)
  told.length = 0
  await store.deleteMany(['a', 'c', 'b'])
  await clock.advance(0)
  expect(told).toEqual(['a b'])
})

test('a bus of a server in memory tells of keys with the prefix and of no others', async () => {
  const { clock, server, store, bus } = await setUp()
  const { told } = listen(bus, 'a:')
  await store.set('a:1', bytes, 60_000)
  await store.set('b:1', bytes, 60_000)
  await store.set('xa:1', bytes, 60_000)
  await store.clear?.('')
  server.empty()
  await clock.advance(0)
  expect(told).toEqual(['up', 'a:1', 'a:1', 'flushed'])
})

test('a key expires on time while somebody listens, also one that was written before', async () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const store = server.store()
  await store.set('before', bytes, 1_000)
  const { told } = listen(server.changeBus())
  await store.set('after', bytes, 1_000)
  await store.set('longer', bytes, 1_000)
  await store.set('longer', bytes, 2_000)
  await clock.advance(999)
  told.length = 0
  await clock.advance(1)
  expect(told).toEqual(['before', 'after'])
  await clock.advance(1_000)
  expect(told).toEqual(['before', 'after', 'longer'])
})

test('a key that expires is told of once, whoever notices it first', async () => {
  const { clock, store, told } = await setUp()
  let found: unknown = 'not read'
  clock.timer(1_000, () => {
    void store.get('a').then(stored => {
      found = stored
    })
  })
  await store.set('a', bytes, 1_000)
  told.length = 0
  await clock.advance(1_000)
  expect(found).toBeUndefined()
  expect(told).toEqual(['a'])
})

test('no timers are set while nobody listens', async () => {
  const { clock, server, store, bus, end } = await setUp()
  await store.set('a', bytes, 60_000)
  await store.set('b', bytes, 60_000)
  expect(clock.pending).toBe(2)
  await store.set('a', bytes, 60_000)
  await store.delete('b')
  expect(clock.pending).toBe(1)
  end()
  expect(clock.pending).toBe(0)
  const other = server.changeBus()
  listen(other)
  listen(bus)
  expect(clock.pending).toBe(1)
  await other.close()
  expect(clock.pending).toBe(1)
  await bus.close()
  expect(clock.pending).toBe(0)
  listen(bus)
  expect(clock.pending).toBe(0)
})

test('flushing a server in memory drops the timers of what it held', async () => {
  const { clock, server, store, told } = await setUp()
  await store.set('a', bytes, 1_000)
  server.empty()
  expect(clock.pending).toBe(0)
  await clock.advance(1_000)
  expect(told).toEqual(['a', 'flushed'])
})

test('a key expires on time when its timer fires a little early', async () => {
  const clock = new ManualClock()
  const { now, monotonic, random, sleep } = clock
  const early = {
    now,
    monotonic,
    random,
    sleep,
    timer: (ms: number, call: () => void) => clock.timer(ms - 0.5, call),
  }
  const server = memoryRemoteServer({ clock: early })
  const { told } = listen(server.changeBus())
  await server.store().set('a', bytes, 1_000)
  await clock.advance(999.9)
  expect(told).toEqual(['up', 'a'])
  await clock.advance(1)
  expect(told).toEqual(['up', 'a', 'a'])
})
