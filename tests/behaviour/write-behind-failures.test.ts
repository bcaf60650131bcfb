import { type WriteBehindOptions, writeBehind } from '@lookaside/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { memory } from '../backends.js'
import { RowDatabase } from '../writing/row-database.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

function opened(options: Partial<WriteBehindOptions<unknown>> = {}) {
  const observed = observedCache(memory)
  const database = new RowDatabase()
  const onFailure = vi.fn()
  const behind = writeBehind(observed.cache, { write: database.write, onFailure, ...options })
  return { ...observed, database, behind, onFailure }
}

const DOWN = new Error('connection refused')

describe('Of a batch', () => {
  it('only what has failed is tried again, where the write tells', async () => {
    const { behind, clock, database } = opened()
    database.refused.add('b')
    for (const key of ['a', 'b', 'c']) await behind.set(key, 1)
    const flushing = behind.flush()
    await clock.advance(80)
    expect(database.writes).toEqual(['1: a=1 b=1 c=1', '2: b=1'])
    expect(behind.pending).toBe(1)
    database.refused.clear()
    await clock.advance(1_000)
    await flushing
    expect(database.writes).toEqual(['1: a=1 b=1 c=1', '2: b=1', '3: b=1'])
    expect([...database.rows.keys()]).toEqual(['a', 'c', 'b'])
  })

  it('half as many are tried together with each failure, and at last each alone', async () => {
    const { behind, cache, clock, database, onFailure, trace } = opened({ batch: 8, retries: 3 })
    const keys = [...'abcdefgh']
    database.poisonous.add('b')
    for (const key of keys) await behind.set(key, 1)
    const flushing = settled(behind.flush())
    while (!flushing()) await clock.advance(100)
    expect(database.writes.map(line => line.replaceAll('=1', ''))).toEqual([
      '1: a b c d e f g h',
      '2: a b c d',
      '2: e f g h',
      '3: a b',
      '3: c d',
      '4: a',
      '4: b',
    ])
    expect(onFailure.mock.calls).toEqual([
      [{ key: 'b', value: 1, error: new Error('b violates a constraint') }],
    ])
    expect(trace.lines('key').filter(line => line.startsWith('write-failed'))).toEqual(['write-failed key=b'])
    const written = keys.filter(key => key !== 'b')
    expect([...database.rows.keys()].sort()).toEqual(written)
    expect([...(await cache.getMany(keys)).keys()].sort()).toEqual(written)
  })

  it('an array says which failed only if it has one answer for each', async () => {
    const { behind, clock, onFailure } = opened({ retries: 0, write: () => [new Error('which?')] })
    for (const key of ['a', 'b']) await behind.set(key, 1)
    const flushing = behind.flush()
    await clock.advance(1_000)
    await flushing
    expect(onFailure.mock.calls.map(([{ key, error }]) => `${key} ${error.code}`)).toEqual([
      'a ERR_CACHE_OPTION',
      'b ERR_CACHE_OPTION',
    ])
    expect(onFailure.mock.calls[0]?.[0].error.message).toContain(
      'write of writeBehind must return an array with an Error or undefined for each of its 2 entries, or nothing; it returned [',
    )
  })
})

describe('What can not be written in the end', () => {
  it('is reported, and no longer in the cache', async () => {
    const { behind, cache, clock, database, onFailure, trace } = opened({ retries: 1 })
    await cache.set('a', 'old')
    database.down = DOWN
    await behind.set('a', 1)
    trace.events.length = 0
    const flushing = behind.flush()
    await clock.advance(1_000)
    await flushing
    expect(onFailure.mock.calls).toEqual([[{ key: 'a', value: 1, error: DOWN }]])
    expect(trace.lines('key', 'error')).toEqual([
      expect.stringContaining('write-failed key=a error=Error: connection refused'),
    ])
    expect(behind.pending).toBe(0)
    expect(await behind.get('a')).toBeUndefined()
    expect(await behind.getOrSet('a', () => 'what the database has')).toBe('what the database has')
  })

  it('is reported as a process warning where nobody is told', async () => {
    const warnings: string[] = []
    const collect = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', collect)
    onTestFinished(() => void process.off('warning', collect))
    for (const thrown of [DOWN, 'no']) {
      const { behind, clock } = opened({
        retries: 0,
        onFailure: undefined,
        write: () => {
          throw thrown
        },
      })
      await behind.set('a', 1)
      const flushing = behind.flush()
      await clock.advance(1_000)
      await flushing
    }
    await vi.waitFor(() =>
      expect(warnings).toEqual([
        "LookasideWriteBehindWarning: the value of 'a' could not be written: connection refused",
        "LookasideWriteBehindWarning: the value of 'a' could not be written: no",
      ]),
    )
  })

  it('does not keep others from being written when being told of it throws', async () => {
    const { behind, clock, database, trace } = opened({
      retries: 0,
      onFailure: () => {
        throw new Error('no disk')
      },
    })
    database.refused.add('a')
    await behind.set('a', 1)
    await behind.set('b', 1)
    const flushing = behind.flush()
    await clock.advance(1_000)
    await flushing
    expect([...database.rows]).toEqual([['b', 1]])
    expect(trace.lines('key', 'error')).toContainEqual(
      expect.stringContaining('background-error key=a error=Error: no disk'),
    )
  })

  it('leaves a newer value alone', async () => {
    const { behind, cache, clock, database, onFailure } = opened({ retries: 0, delay: '1h' })
    database.poisonous.add('a')
    await behind.set('a', 1)
    const flushing = behind.flush()
    await clock.advance(0)
    await flushing
    expect(onFailure).toHaveBeenCalledTimes(1)
    await behind.set('a', 2)
    expect(await cache.get('a')).toBe(2)
    database.poisonous.clear()
    await behind.flush()
    expect([...database.rows]).toEqual([['a', 2]])
    expect(await cache.get('a')).toBe(2)
  })
})
