import { type WriteBehindOptions, writeBehind } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { memory } from '../backends.js'
import { RowDatabase } from '../writing/row-database.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

function opened(options: Partial<WriteBehindOptions<unknown>> = {}) {
  const observed = observedCache(memory)
  const database = new RowDatabase()
  const behind = writeBehind(observed.cache, { write: database.write, ...options })
  return { ...observed, database, behind }
}

describe('What is written behind', () => {
  it('waits for others for its delay, counted from the first', async () => {
    const { clock, behind, database } = opened({ delay: 500 })
    await behind.set('a', 1)
    await clock.advance(300)
    await behind.set('b', 2)
    await clock.advance(199)
    expect(database.writes).toEqual([])
    await clock.advance(1)
    expect(database.writes).toEqual(['1: a=1 b=2'])
    await clock.advance(10_000)
    expect(database.writes).toHaveLength(1)
    await behind.set('c', 3)
    await clock.advance(499)
    expect(database.writes).toHaveLength(1)
    await clock.advance(1)
    expect(database.writes).toEqual(['1: a=1 b=2', '1: c=3'])
  })

  it('waits for a second by default, and takes a hundred at once', async () => {
    const { clock, behind, database } = opened()
    const keys = Array.from({ length: 250 }, (_, index) => `k${index}`)
    await Promise.all(keys.slice(0, 99).map(key => behind.set(key, 1)))
    await clock.advance(999)
    expect(database.writes).toEqual([])
    await Promise.all(keys.slice(99).map(key => behind.set(key, 1)))
    await clock.advance(0)
    expect(database.writes.map(line => line.split(' ').length - 1)).toEqual([100, 100, 50])
  })

  it('does not wait any longer once a batch is full', async () => {
    const { clock, behind, database } = opened({ delay: '1h', batch: 3 })
    for (const key of ['a', 'b', 'a']) await behind.set(key, key)
    await clock.advance(0)
    expect(database.writes).toEqual([])
    await behind.set('c', 'c')
    await clock.advance(0)
    expect(database.writes).toEqual(['1: a=a b=b c=c'])
  })

  it('is written at once without a delay, what was set in one go together', async () => {
    const { clock, behind, database } = opened({ delay: 0 })
    await Promise.all([behind.set('a', 1), behind.set('b', 2)])
    await clock.advance(1)
    expect(database.writes).toEqual(['1: a=1 b=2'])
  })

  it('is written the oldest first, each key by when it was set first', async () => {
    const { behind, database } = opened({ batch: 2, delay: '1h' })
    const sets = ['c', 'a', 'c', 'b', 'a', 'd', 'c'].map((key, index) => behind.set(key, index))
    await Promise.all(sets)
    await behind.flush()
    expect(database.writes).toEqual(['1: c=6 a=4', '1: b=3 d=5'])
  })

  it('is never written twice at once: a later value of a key waits for the earlier one', async () => {
    const { clock, behind, database } = opened({ delay: 100 })
    const first = gate()
    database.held = first.passed
    await behind.set('a', 1)
    await clock.advance(100)
    for (const score of [2, 3, 4]) await behind.set('a', score)
    await behind.set('b', 1)
    await clock.advance(1_000)
    expect(database.writes).toEqual(['1: a=1'])
    expect(await behind.get('a')).toBe(4)
    expect(behind.pending).toBe(3)
    first.open()
    await clock.advance(100)
    expect(database.writes).toEqual(['1: a=1', '1: a=4 b=1'])
    expect([...database.rows]).toEqual([
      ['a', 4],
      ['b', 1],
    ])
    expect(database.overlaps).toEqual([])
  })

  it('is flushed at once, and what is set meanwhile later', async () => {
    const { clock, behind, database } = opened({ delay: '1h' })
    await behind.flush()
    await behind.set('a', 1)
    const first = gate()
    database.held = first.passed
    const flushing = behind.flush()
    const flushed = settled(flushing)
    await clock.advance(0)
    await behind.set('b', 2)
    expect(flushed()).toBe(false)
    first.open()
    await flushing
    expect(database.writes).toEqual(['1: a=1'])
    expect(behind.pending).toBe(1)
    await clock.advance(3_600_000)
    expect(database.writes).toEqual(['1: a=1', '1: b=2'])
  })

  it('may be written synchronously, and whatever a client returns says nothing', async () => {
    for (const returned of [undefined, null, 7, [], [{ id: 1 }], { rowCount: 1 }, 'OK']) {
      const write = vi.fn(() => returned)
      const { behind } = opened({ write })
      await behind.set('a', 1)
      await behind.flush()
      expect([write.mock.calls.length, behind.pending]).toEqual([1, 0])
    }
  })

  it('leaves no timers when all is written', async () => {
    const { clock, behind } = opened()
    await behind.set('a', 1)
    await behind.flush()
    expect(clock.pending).toBe(0)
  })
})

describe('When the queue is full', () => {
  /** A write-behind with room for so many, and a database that writes nothing before it is let go. */
  function full(queue: number) {
    const world = opened({ queue, batch: 2, delay: 10 })
    const writing = gate()
    world.database.held = writing.passed
    return { ...world, letGo: writing.open }
  }

  it('set waits until there is room, and no more than that is ever pending', async () => {
    const { clock, behind, database, letGo } = full(3)
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const sets = keys.map(key => behind.set(key, 1))
    const done = sets.map(settled)
    await clock.advance(1_000)
    expect(behind.pending).toBe(3)
    expect(done.map(is => is()).lastIndexOf(true)).toBe(2)
    letGo()
    let most = 0
    for (let rounds = 0; rounds < 20; rounds++) {
      await clock.advance(10)
      most = Math.max(most, behind.pending)
    }
    await Promise.all(sets)
    expect(most).toBeLessThanOrEqual(3)
    expect([...database.rows.keys()]).toEqual(keys)
  })

  it('nobody waits for its delay', async () => {
    const { clock, behind, database } = opened({ queue: 2, delay: '1h' })
    await behind.set('a', 1)
    await clock.advance(0)
    expect(database.writes).toEqual([])
    await behind.set('b', 2)
    await clock.advance(0)
    expect(database.writes).toEqual(['1: a=1 b=2'])
  })

  it('a value of a key that waits already goes on', async () => {
    const { clock, behind, database, letGo } = full(2)
    await behind.set('x', 1)
    await clock.advance(10)
    await behind.set('a', 1)
    const waiting = settled(behind.set('b', 1))
    await behind.set('a', 2)
    await clock.advance(1_000)
    expect(waiting()).toBe(false)
    expect(await behind.get('a')).toBe(2)
    expect(await behind.get('b')).toBeUndefined()
    letGo()
    await clock.advance(1_000)
    expect(waiting()).toBe(true)
    expect(Object.fromEntries(database.rows)).toEqual({ x: 1, a: 2, b: 1 })
  })

  it('a delete makes room, and forgets what waits for room, too', async () => {
    const { clock, behind, database, letGo } = full(2)
    await behind.set('x', 1)
    await clock.advance(10)
    await behind.set('a', 1)
    const [b, c] = [behind.set('b', 2), behind.set('c', 3)]
    await clock.advance(0)
    await behind.delete('c')
    await c
    await behind.delete('a')
    await b
    expect(await behind.get('b')).toBe(2)
    letGo()
    await clock.advance(1_000)
    expect(Object.fromEntries(database.rows)).toEqual({ x: 1, b: 2 })
  })
})
