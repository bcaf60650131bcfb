import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Settings } from '../src/cache/settings.js'
import { PendingWrite } from '../src/writing/pending-write.js'
import { PendingWrites } from '../src/writing/pending-writes.js'

const DELAY = 100

/** What is going to be written at a key, from the instant `dueAt` on. */
function write(key: string, value: unknown = key, dueAt = DELAY): PendingWrite {
  const address = { key, at: `wire:${key}`, space: { path: '' } as never }
  const checked = { value, checkable: true }
  return new PendingWrite({ address, checked, settings: {} as Settings, tags: [] }, dueAt)
}

/** Whether it has settled by now. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), setImmediate(false)])
}

const valuesOf = (writes: readonly PendingWrite[]) => writes.map(({ checked }) => checked.value)

/** At most so many, whatever is due by then. */
const take = (writes: PendingWrites, most: number, now = DELAY) => writes.take(now, () => most)

async function entered(writes: PendingWrites, ...all: PendingWrite[]): Promise<void> {
  for (const one of all) expect(await writes.enter(one)).toBe(true)
}

describe('what waits to be written', () => {
  test('is taken oldest first, each key once with its last value', async () => {
    const writes = new PendingWrites(10)
    await entered(writes, write('a', 1), write('b', 2), write('a', 3), write('c', 4))
    expect(writes.size).toBe(3)
    expect(valuesOf(take(writes, 2))).toEqual([3, 2])
    expect(writes.size).toBe(3)
    expect(valuesOf(take(writes, 2))).toEqual([4])
    expect(valuesOf(take(writes, 2))).toEqual([])
  })

  test('is due when the oldest is, which takes the others with it', async () => {
    const writes = new PendingWrites(10)
    expect(writes.nextDue()).toBeUndefined()
    await entered(writes, write('a', 1, 100), write('b', 2, 150))
    expect(writes.nextDue()).toBe(100)
    expect(take(writes, 9, 99)).toEqual([])
    expect(valuesOf(take(writes, 9, 100))).toEqual([1, 2])
    expect(writes.nextDue()).toBeUndefined()
  })

  test('that changes all the time is due when its first value was', async () => {
    const writes = new PendingWrites(10)
    await entered(writes, write('a', 1, 100), write('a', 2, 150), write('a', 3, 200))
    expect(writes.nextDue()).toBe(100)
    expect(valuesOf(take(writes, 9, 100))).toEqual([3])
  })

  test('is due at once where there is a hurry, but for what has failed', async () => {
    const writes = new PendingWrites(10)
    const failed = write('a')
    await entered(writes, failed)
    take(writes, 1)
    failed.failures++
    writes.retry(failed, 500)
    await entered(writes, write('b', 'b', 400))
    writes.hurry(7)
    expect(writes.nextDue()).toBe(7)
    expect(valuesOf(take(writes, 9, 7))).toEqual(['b'])
    expect(writes.nextDue()).toBe(500)
  })

  test('is known by its latest value, also while an older one is being written', async () => {
    const writes = new PendingWrites(10)
    expect(writes.latest('a')).toBeUndefined()
    const [older, newer] = [write('a', 1), write('a', 2)]
    await entered(writes, older)
    take(writes, 1)
    expect(writes.latest('a')).toBe(older)
    expect(writes.isSuperseded(older)).toBe(false)
    await entered(writes, newer)
    expect(writes.latest('a')).toBe(newer)
    expect(writes.isSuperseded(older)).toBe(true)
    expect(writes.underWay('a')).toBe(older)
    writes.end(older)
    expect(writes.latest('a')).toBe(newer)
    expect(writes.underWay('a')).toBeUndefined()
  })

  test('is done when it has been written, and when what has taken its place has', async () => {
    const writes = new PendingWrites(10)
    const all = [1, 2, 3, 4].map(value => write('a', value)) as [
      PendingWrite,
      PendingWrite,
      PendingWrite,
      PendingWrite,
    ]
    const [first, second, third, fourth] = all
    await entered(writes, first, second)
    take(writes, 1)
    await entered(writes, third)
    // The second has failed, and need not be repeated.
    writes.retry(second, 500)
    expect(writes.size).toBe(1)
    take(writes, 1)
    writes.retry(third, 500)
    // The third has failed, and another one comes before it is tried again.
    await entered(writes, fourth)
    expect(writes.size).toBe(1)
    for (const each of all) expect(await isOver(each.done)).toBe(false)
    expect(valuesOf(take(writes, 1))).toEqual([4])
    writes.end(fourth)
    for (const each of all) expect(await isOver(each.done)).toBe(true)
    expect(writes.size).toBe(0)
  })

  test('is forgotten at once; what is being written goes on', async () => {
    const writes = new PendingWrites(10)
    const [older, newer] = [write('a', 1), write('a', 2)]
    await entered(writes, older)
    take(writes, 1)
    await entered(writes, newer)
    expect(writes.forget('a')).toBe(newer)
    expect(await isOver(newer.done)).toBe(true)
    expect(writes.underWay('a')).toBe(older)
    expect(writes.latest('a')).toBe(older)
    expect(await isOver(older.done)).toBe(false)
    expect(writes.forget('b')).toBeUndefined()
    writes.retry(older, 500)
    expect(writes.forget('a')).toBe(older)
    expect(await isOver(older.done)).toBe(true)
    expect(writes.all()).toEqual([])
  })

  test('is taken all at once to be given up', async () => {
    const writes = new PendingWrites(10)
    const failed = write('a')
    await entered(writes, failed)
    take(writes, 1)
    writes.retry(failed, 10_000)
    await entered(writes, write('b'), write('c'))
    expect(valuesOf(writes.takeAll()).sort()).toEqual(['a', 'b', 'c'])
    expect(writes.size).toBe(3)
    expect(writes.nextDue()).toBeUndefined()
  })
})

describe('what has failed', () => {
  test('is taken with those that have failed as often, when it is due, after what is new', async () => {
    const writes = new PendingWrites(10)
    const [once, twice] = [write('a'), write('b')]
    await entered(writes, once, twice)
    take(writes, 2)
    once.failures = 1
    twice.failures = 2
    writes.retry(once, 200)
    writes.retry(twice, 200)
    await entered(writes, write('c', 'c', 150))
    const asked: number[] = []
    const next = (now: number) =>
      valuesOf(
        writes.take(now, failures => {
          asked.push(failures)
          return 9
        }),
      )
    expect(next(150)).toEqual(['c'])
    expect(next(199)).toEqual([])
    expect(next(200)).toEqual(['a'])
    expect(next(200)).toEqual(['b'])
    expect(asked.filter(failures => failures > 0)).toEqual([1, 2])
  })
})

describe('room', () => {
  test('is never exceeded, however many come at once, and given in the order in which they came', async () => {
    const writes = new PendingWrites(2)
    const keys = ['a', 'b', 'c', 'd', 'e']
    const inside: string[] = []
    for (const key of keys) void writes.enter(write(key)).then(() => inside.push(key))
    const taken: unknown[] = []
    for (const _ of keys) {
      await setImmediate()
      expect(writes.size).toBeLessThanOrEqual(2)
      const [one] = take(writes, 1)
      taken.push(one?.checked.value)
      expect(writes.size).toBeLessThanOrEqual(2)
      if (one !== undefined) writes.end(one)
    }
    expect(taken).toEqual(keys)
    expect(inside).toEqual(keys)
  })

  test('is not needed by a key that waits already, or waits again', async () => {
    const writes = new PendingWrites(1)
    const failing = write('a', 1)
    await entered(writes, failing)
    expect(await isOver(writes.enter(write('b')))).toBe(false)
    await entered(writes, write('a', 2))
    const [second] = take(writes, 1)
    writes.retry(second as PendingWrite, 500)
    await entered(writes, write('a', 3))
    expect(valuesOf(take(writes, 1))).toEqual([3])
  })

  test('is needed by a key that is being written', async () => {
    const writes = new PendingWrites(1)
    await entered(writes, write('a', 1))
    const [older] = take(writes, 1)
    const entering = writes.enter(write('a', 2))
    expect(await isOver(entering)).toBe(false)
    writes.end(older as PendingWrite)
    expect(await entering).toBe(true)
  })

  test('is given to all at once that wait with one key, of which the last counts', async () => {
    const writes = new PendingWrites(1)
    await entered(writes, write('x'))
    const all = [write('a', 1), write('b', 1), write('a', 2), write('a', 3)]
    const [first, other, second, third] = all.map(each => writes.enter(each))
    const [x] = take(writes, 1)
    writes.end(x as PendingWrite)
    expect(await Promise.all([first, second, third])).toEqual([true, true, true])
    expect(await isOver(other as Promise<boolean>)).toBe(false)
    expect(writes.size).toBe(1)
    const taken = take(writes, 1)
    expect(valuesOf(taken)).toEqual([3])
    writes.end(taken[0] as PendingWrite)
    expect(await other).toBe(true)
  })

  test('that a delete makes goes to the next', async () => {
    const writes = new PendingWrites(1)
    await entered(writes, write('a'))
    const entering = writes.enter(write('b'))
    writes.forget('a')
    expect(await entering).toBe(true)
  })

  test('that is short is a reason to write at once, as is a full batch', async () => {
    const writes = new PendingWrites(3)
    await entered(writes, write('a'))
    expect([writes.isFull(2), writes.isFull(1)]).toEqual([false, true])
    await entered(writes, write('b'), write('c'))
    expect(writes.isFull(9)).toBe(true)
  })

  test('is not waited for by what was forgotten, and by nobody after the end', async () => {
    const writes = new PendingWrites(1)
    await entered(writes, write('a'))
    const forgotten = writes.enter(write('b'))
    const late = writes.enter(write('c'))
    writes.forget('b')
    expect(await forgotten).toBe(false)
    writes.close()
    expect(await late).toBe(false)
    expect(await writes.enter(write('d'))).toBe(false)
    expect(await writes.enter(write('a', 2))).toBe(false)
    expect(valuesOf(take(writes, 9))).toEqual(['a'])
  })
})
