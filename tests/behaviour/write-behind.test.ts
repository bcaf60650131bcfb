import { type WriteBehind, writeBehind } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Backend, backends, memory, newPrefix, openCache } from '../backends.js'
import { RowDatabase } from '../writing/row-database.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('writeBehind on $name', (backend: Backend) => {
  function opened(options: Parameters<typeof observedCache>[1] = {}) {
    const observed = observedCache(backend, options)
    const database = new RowDatabase()
    const behind = writeBehind(observed.cache, { write: database.write })
    return { ...observed, database, behind }
  }

  it('serves a value at once, and writes it later', async () => {
    const { cache, clock, behind, database } = opened()
    await behind.set('a', 1)
    expect(await behind.get('a')).toBe(1)
    expect(await cache.get('a')).toBe(1)
    expect([database.writes, behind.pending]).toEqual([[], 1])
    await clock.advance(1_000)
    await behind.flush()
    expect([database.writes, behind.pending]).toEqual([['1: a=1'], 0])
    expect(await behind.get('a')).toBe(1)
    expect(await cache.get('a')).toBe(1)
  })

  it.each([undefined, null, 0, '', false])('keeps the value %o', async value => {
    const { cache, behind, database } = opened()
    await behind.set('a', value)
    const load = vi.fn(() => 'loaded')
    expect(await behind.getOrSet('a', load)).toBe(value)
    expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value })
    await behind.flush()
    expect(database.rows).toEqual(new Map([['a', value]]))
    expect(await behind.getOrSet('a', load)).toBe(value)
    expect(load).not.toHaveBeenCalled()
  })

  it('reads what is pending, whatever the cache has', async () => {
    const { cache, behind } = opened()
    await behind.set('a', 1)
    await cache.delete('a')
    expect(await behind.get('a')).toBe(1)
    expect(await behind.getOrSet('a', () => 2)).toBe(1)
    await cache.set('a', 3)
    expect(await behind.get('a')).toBe(1)
    expect(await cache.get('a')).toBe(3)
  })

  it('reads what the cache has where nothing is pending, and loads', async () => {
    const { cache, behind } = opened()
    await cache.set('a', 1)
    expect(await behind.get('a')).toBe(1)
    expect(await behind.get('b')).toBeUndefined()
    expect(await behind.getOrSet('b', () => 2, { ttl: '1h' })).toBe(2)
    expect(await cache.get('b')).toBe(2)
  })

  it('gives each reader a value of its own, where readers don’t share values', async () => {
    const { behind } = opened({ clone: 'structured' })
    await behind.set('a', { score: 1 })
    const found = (await behind.get('a')) as { score: number }
    found.score = 2
    expect(await behind.get('a')).toEqual({ score: 1 })
  })

  it('deletes: what waits is not written, and the key is gone', async () => {
    const { cache, behind, database } = opened()
    await behind.set('a', 1)
    expect(await behind.delete('a')).toBe(true)
    expect(behind.pending).toBe(0)
    expect(await behind.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
    await behind.flush()
    expect(database.writes).toEqual([])
    await cache.set('b', 2)
    expect(await behind.delete('b')).toBe(true)
    expect(await cache.get('b')).toBeUndefined()
  })

  it('is a namespace’s own', async () => {
    const { cache, behind, database } = opened()
    const inner = new RowDatabase()
    const scores = writeBehind(cache.namespace<number>('scores'), { write: inner.write })
    await scores.set('a', 1)
    await behind.set('a', 2)
    expect(await scores.get('a')).toBe(1)
    expect(await behind.get('a')).toBe(2)
    await Promise.all([scores.flush(), behind.flush()])
    expect([...inner.rows, ...database.rows]).toEqual([
      ['a', 1],
      ['a', 2],
    ])
    expect(await cache.namespace('scores').get('a')).toBe(1)
  })

  it('checks a value by its schema before anything has it', async () => {
    const { cache, behind, database } = opened({ schema: z.object({ score: z.number() }) })
    await behind.set('a', { score: 1 })
    await expect(behind.set('a', { score: 'two' })).rejects.toMatchObject({ code: 'ERR_CACHE_SCHEMA' })
    expect(await behind.get('a')).toEqual({ score: 1 })
    expect(await cache.get('a')).toEqual({ score: 1 })
    await behind.flush()
    expect([...database.rows]).toEqual([['a', { score: 1 }]])
  })

  it('writes what the schema makes of a value', async () => {
    const { cache, database } = opened()
    const dates = cache.namespace('dates', { schema: z.object({ at: z.coerce.date() }) })
    const behind = writeBehind(dates, { write: database.write })
    await behind.set('a', { at: '2030-01-01' })
    expect(await behind.get('a')).toEqual({ at: new Date('2030-01-01') })
    await behind.flush()
    expect([...database.rows]).toEqual([['a', { at: new Date('2030-01-01') }]])
    expect(await dates.get('a')).toEqual({ at: new Date('2030-01-01') })
  })

  it('gives a value its tags, before it is written and after', async () => {
    for (const tags of [['scores'], () => ['scores']]) {
      const { cache, behind } = opened()
      await behind.set('a', 1, { tags })
      expect(await cache.get('a', { tags: ['scores'] })).toBe(1)
      await behind.flush()
      expect(await cache.get('a', { tags: ['scores'] })).toBe(1)
      await cache.deleteTags(['scores'])
      expect(await cache.get('a')).toBeUndefined()
    }
  })
})

describe('What is pending', () => {
  it('is known to the object that it was set through, and to others by the cache', async () => {
    const cache = openCache(memory, { prefix: newPrefix() })
    const database = new RowDatabase()
    const [one, two]: WriteBehind[] = [1, 2].map(() => writeBehind(cache, { write: database.write }))
    await one?.set('a', 1)
    await cache.delete('a')
    expect(await one?.get('a')).toBe(1)
    expect(await two?.get('a')).toBeUndefined()
  })

  it('counts as one for each key', async () => {
    const { cache } = observedCache(memory)
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    for (let score = 0; score < 100; score++) await behind.set(`player:${score % 7}`, score)
    expect(behind.pending).toBe(7)
    await behind.flush()
    expect(database.writes).toEqual([
      '1: player:0=98 player:1=99 player:2=93 player:3=94 player:4=95 player:5=96 player:6=97',
    ])
  })
})
