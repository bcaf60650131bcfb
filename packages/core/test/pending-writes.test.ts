import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Settings } from '../src/cache/settings.js'
import { PendingWrite, PendingWrites } from '../src/strategies/pending-writes.js'

function write(key: string, value: unknown = key): PendingWrite {
  const address = { key, at: `wire:${key}`, space: { path: '' } as never }
  return new PendingWrite(address, { value, checkable: true }, {} as Settings, [])
}

/** Whether it has settled by now. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), setImmediate(false)])
}

const valuesOf = (writes: readonly PendingWrite[]) => writes.map(({ checked }) => checked.value)

describe('what waits to be written', () => {
  test('is taken oldest first, each key once with its last value', async () => {
    const writes = new PendingWrites(10)
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
    ] as const) {
      expect(await writes.enter(write(key, value))).toBe(true)
    }
    expect([writes.size, writes.waiting]).toEqual([3, 3])
    expect(valuesOf(writes.take(2))).toEqual([3, 2])
    expect([writes.size, writes.waiting]).toEqual([3, 1])
    expect(valuesOf(writes.take(2))).toEqual([4])
    expect(valuesOf(writes.take(2))).toEqual([])
  })

  test('is known by its latest value, also while an older one is being written', async () => {
    const writes = new PendingWrites(10)
    expect(writes.latest('a')).toBeUndefined()
    const [older, newer] = [write('a', 1), write('a', 2)]
    await writes.enter(older)
    writes.take(1)
    expect(writes.latest('a')).toBe(older)
    expect(writes.isSuperseded(older)).toBe(false)
    await writes.enter(newer)
    expect(writes.latest('a')).toBe(newer)
    expect(writes.isSuperseded(older)).toBe(true)
    expect(writes.underWay('a')).toBe(older)
    writes.end(older)
    expect(writes.latest('a')).toBe(newer)
    expect(writes.underWay('a')).toBeUndefined()
  })

  test('is done when it has been written, and when what has taken its place has', async () => {
    const writes = new PendingWrites(10)
    const [first, second, third] = [write('a', 1), write('a', 2), write('a', 3)]
    await writes.enter(first)
    await writes.enter(second)
    writes.take(1)
    await writes.enter(third)
    // The second failed, and need not be repeated.
    writes.endInFavourOfNewer(second)
    for (const each of [first, second, third]) expect(await isOver(each.done)).toBe(false)
    expect(writes.size).toBe(1)
    writes.take(1)
    writes.end(third)
    for (const each of [first, second, third]) expect(await isOver(each.done)).toBe(true)
    expect(writes.size).toBe(0)
  })

  test('is forgotten at once; what is being written goes on', async () => {
    const writes = new PendingWrites(10)
    const [older, newer] = [write('a', 1), write('a', 2)]
    await writes.enter(older)
    writes.take(1)
    await writes.enter(newer)
    expect(writes.forget('a')).toBe(newer)
    expect(await isOver(newer.done)).toBe(true)
    expect(writes.underWay('a')).toBe(older)
    expect(writes.latest('a')).toBe(older)
    expect(await isOver(older.done)).toBe(false)
    expect(writes.forget('b')).toBeUndefined()
  })
})

describe('room', () => {
  test('is never exceeded, however many come at once, and given in the order in which they came', async () => {
    const writes = new PendingWrites(2)
    const keys = ['a', 'b', 'c', 'd', 'e']
    const entered: string[] = []
    for (const key of keys) void writes.enter(write(key)).then(() => entered.push(key))
    const taken: unknown[] = []
    for (const _ of keys) {
      await setImmediate()
      expect(writes.size).toBeLessThanOrEqual(2)
      const [one] = writes.take(1)
      taken.push(one?.checked.value)
      expect(writes.size).toBeLessThanOrEqual(2)
      if (one !== undefined) writes.end(one)
    }
    expect(taken).toEqual(keys)
    expect(entered).toEqual(keys)
  })

  test('is not needed by a key that waits already', async () => {
    const writes = new PendingWrites(1)
    await writes.enter(write('a', 1))
    expect(await isOver(writes.enter(write('b')))).toBe(false)
    expect(await writes.enter(write('a', 2))).toBe(true)
    expect(valuesOf(writes.take(1))).toEqual([2])
  })

  test('is needed by a key that is being written', async () => {
    const writes = new PendingWrites(1)
    await writes.enter(write('a', 1))
    const [older] = writes.take(1)
    const entering = writes.enter(write('a', 2))
    expect(await isOver(entering)).toBe(false)
    writes.end(older as PendingWrite)
    expect(await entering).toBe(true)
  })

  test('is given to all at once that wait with one key, of which the last counts', async () => {
    const writes = new PendingWrites(1)
    await writes.enter(write('x'))
    const entering = [write('a', 1), write('b', 1), write('a', 2), write('a', 3)].map(each =>
      writes.enter(each),
    )
    const [x] = writes.take(1)
    writes.end(x as PendingWrite)
    expect(await isOver(Promise.all([entering[0], entering[2], entering[3]]))).toBe(true)
    expect(await isOver(entering[1] as Promise<boolean>)).toBe(false)
    expect(writes.size).toBe(1)
    const taken = writes.take(1)
    expect(valuesOf(taken)).toEqual([3])
    writes.end(taken[0] as PendingWrite)
    expect(await entering[1]).toBe(true)
  })

  test('that a delete makes goes to the next', async () => {
    const writes = new PendingWrites(1)
    await writes.enter(write('a'))
    const entering = writes.enter(write('b'))
    writes.forget('a')
    expect(await entering).toBe(true)
  })

  test('is not waited for by what was forgotten, and by nobody after the end', async () => {
    const writes = new PendingWrites(1)
    await writes.enter(write('a'))
    const forgotten = writes.enter(write('b'))
    const late = writes.enter(write('c'))
    writes.forget('b')
    expect(await forgotten).toBe(false)
    writes.close()
    expect(await late).toBe(false)
    expect(await writes.enter(write('d'))).toBe(false)
    expect(await writes.enter(write('a', 2))).toBe(false)
    expect(valuesOf(writes.take(9))).toEqual(['a'])
  })
})
