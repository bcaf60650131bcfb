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
  const onFailure = vi.fn()
  const behind = writeBehind(observed.cache, { write: database.write, delay: '1h', onFailure, ...options })
  return { ...observed, database, behind, onFailure }
}

describe.each(['the write-behind', 'its cache'])('Closing %s', which => {
  const close = ({ behind, cache }: ReturnType<typeof opened>) =>
    which === 'its cache' ? cache.close() : behind.close()

  it('writes what is left, in batches', async () => {
    const world = opened({ batch: 2 })
    for (const key of ['a', 'b', 'c']) await world.behind.set(key, 1)
    await close(world)
    expect(world.database.writes).toEqual(['1: a=1 b=1', '1: c=1'])
    expect(world.behind.pending).toBe(0)
    expect(world.clock.pending).toBe(0)
  })

  it('waits for what is being written, and for a retry', async () => {
    const world = opened()
    const writing = gate()
    world.database.held = writing.passed
    await world.behind.set('a', 1)
    void world.behind.flush()
    const closing = close(world)
    const closed = settled(closing)
    await world.clock.advance(1_000)
    expect(closed()).toBe(false)
    world.database.down = new Error('connection refused')
    writing.open()
    await world.clock.advance(10)
    expect(closed()).toBe(false)
    world.database.down = undefined
    await world.clock.advance(1_000)
    await closing
    expect([...world.database.rows]).toEqual([['a', 1]])
  })

  it('refuses what is set afterwards, and those who wait for room', async () => {
    const world = opened({ queue: 1 })
    const writing = gate()
    world.database.held = writing.passed
    await world.behind.set('a', 1)
    const waiting = world.behind.set('b', 1).catch(error => error)
    await world.clock.advance(0)
    const closing = close(world)
    const late = world.behind.set('a', 2).catch(error => error)
    writing.open()
    await world.clock.advance(0)
    await closing
    for (const [refused, key] of [
      [waiting, 'b'],
      [late, 'a'],
    ] as const) {
      expect(await refused).toMatchObject({
        code: 'ERR_CACHE_CLOSED',
        message: `'${key}' can't be written behind: close() was called; write it to the database, and delete the key`,
      })
    }
    expect([...world.database.rows]).toEqual([['a', 1]])
  })

  it('gives up on a database that hangs, and starts nothing more, when closeTimeout has passed', async () => {
    const world = opened({ batch: 2, closeTimeout: '5s' })
    world.database.held = new Promise(() => {})
    for (const key of ['a', 'b', 'c']) await world.behind.set(key, 1)
    const closing = close(world)
    const closed = settled(closing)
    await world.clock.advance(4_999)
    expect([closed(), world.behind.pending]).toEqual([false, 3])
    await world.clock.advance(1)
    await closing
    expect(world.database.writes).toEqual(['1: a=1 b=1'])
    expect(world.behind.pending).toBe(0)
    expect(world.onFailure.mock.calls.map(([{ key, error }]) => `${key} ${error.code}`)).toEqual([
      'a ERR_CACHE_CLOSED',
      'b ERR_CACHE_CLOSED',
      'c ERR_CACHE_CLOSED',
    ])
  })

  it('reports what the database failed with when closeTimeout has passed', async () => {
    const world = opened({ closeTimeout: '1s', retries: Number.POSITIVE_INFINITY })
    world.database.down = new Error('connection refused')
    await world.behind.set('a', 1)
    const closing = close(world)
    await world.clock.advance(1_000)
    await closing
    expect(world.onFailure.mock.calls).toEqual([[{ key: 'a', value: 1, error: world.database.down }]])
    const { length } = world.database.writes
    await world.clock.advance(100_000)
    expect(world.database.writes).toHaveLength(length)
  })

  it('waits for 30 seconds by default', async () => {
    const world = opened()
    world.database.held = new Promise(() => {})
    await world.behind.set('a', 1)
    const closed = settled(close(world))
    await world.clock.advance(29_999)
    expect(closed()).toBe(false)
    await world.clock.advance(1)
    expect(closed()).toBe(true)
  })

  it('tells a write that hangs by its signal', async () => {
    const signals: AbortSignal[] = []
    const world = opened({
      closeTimeout: '1s',
      write: (_, { signal }) => {
        signals.push(signal)
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    })
    await world.behind.set('a', 1)
    const closing = close(world)
    await world.clock.advance(999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await world.clock.advance(1)
    await closing
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(signals[0]?.reason).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  })
})

describe('Closing a write-behind', () => {
  it('twice does nothing, and returns the same', async () => {
    const { behind, cache, database } = opened()
    await behind.set('a', 1)
    expect(behind.close()).toBe(behind.close())
    await behind.close()
    await cache.close()
    expect(database.writes).toEqual(['1: a=1'])
  })

  it('leaves its cache open, and what it wrote in there', async () => {
    const { behind, cache } = opened()
    await behind.set('a', 1)
    await behind.close()
    expect(await cache.get('a')).toBe(1)
    expect(await behind.get('a')).toBe(1)
    expect(await behind.getOrSet('b', () => 2)).toBe(2)
    expect(await behind.delete('a')).toBe(true)
    expect(await cache.get('a')).toBeUndefined()
    await behind.flush()
  })

  it('leaves the others of its cache alone, which that closes', async () => {
    const { behind, cache } = opened()
    const another = new RowDatabase()
    const other = writeBehind(cache, { write: another.write, delay: '1h' })
    await other.set('a', 1)
    await behind.close()
    expect(another.writes).toEqual([])
    await other.set('b', 2)
    await cache.namespace('any').close()
    expect(another.writes).toEqual(['1: a=1 b=2'])
  })
})
