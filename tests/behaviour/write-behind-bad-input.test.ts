import { type UpdateOptions, type WriteBehindOptions, writeBehind } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { memory, openCache } from '../backends.js'
import { RowDatabase } from '../writing/row-database.js'

const write = () => {}

describe('writeBehind refuses', () => {
  it.each([
    [undefined, 'undefined'],
    [{}, '{}'],
  ])('%o for a cache', (given, shown) => {
    expect(() => writeBehind(given as never, { write })).toThrow(
      expect.objectContaining({
        code: 'ERR_CACHE_OPTION',
        message: `writeBehind takes a cache that createCache made, or a namespace of one; received ${shown}. A second copy of @lookaside/core in the program makes caches that this one does not know`,
      }),
    )
  })

  it.each<[object | undefined, string]>([
    [
      undefined,
      'write of writeBehind must be a function that writes entries to the database; received undefined',
    ],
    [
      { write: 'INSERT' },
      "write of writeBehind must be a function that writes entries to the database; received 'INSERT'",
    ],
    [{ write, batch: 0 }, 'batch of writeBehind must be an integer from 1; received 0'],
    [{ write, batch: 1.5 }, 'batch of writeBehind must be an integer from 1; received 1.5'],
    [
      { write, batch: Number.POSITIVE_INFINITY },
      'batch of writeBehind must be an integer from 1; received Infinity',
    ],
    [{ write, queue: 0 }, 'queue of writeBehind must be an integer from 1; received 0'],
    [{ write, queue: '5' }, "queue of writeBehind must be an integer from 1; received '5'"],
    [{ write, retries: -1 }, 'retries of writeBehind must be an integer from 0, or Infinity; received -1'],
    [
      { write, retries: Number.NaN },
      'retries of writeBehind must be an integer from 0, or Infinity; received NaN',
    ],
    [{ write, writeTimeout: 0 }, 'writeTimeout of writeBehind must be at least 1 ms; received 0'],
    [{ write, unwrittenTtl: 0 }, 'unwrittenTtl of writeBehind must be at least 1 ms; received 0'],
    [
      { write, onFailure: true },
      'onFailure of writeBehind must be a function that is told of each value that could not be written; received true',
    ],
  ])('the options %o', (options, message) => {
    const cache = openCache(memory)
    expect(() => writeBehind(cache, options as never)).toThrow(
      expect.objectContaining({ name: 'CacheError', code: 'ERR_CACHE_OPTION', message }),
    )
  })

  it.each([{ delay: -1 }, { delay: 'soon' }, { closeTimeout: 'never' }, { unwrittenTtl: Number.NaN }])(
    'the duration %o',
    options => {
      const cache = openCache(memory)
      expect(() => writeBehind(cache, { write, ...options } as WriteBehindOptions<unknown>)).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_DURATION' }),
      )
    },
  )

  it('options that it does not know', () => {
    const cache = openCache(memory)
    expect(() => writeBehind(cache, { write, interval: 5 } as never)).toThrow(/interval/)
  })
})

describe('A write-behind refuses, and writes nothing,', () => {
  function opened() {
    const cache = openCache(memory)
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    return { cache, behind, database }
  }

  it.each(['', 7, undefined])('the key %o', async given => {
    const { behind } = opened()
    const key = given as string
    const load = vi.fn()
    for (const call of [
      behind.set(key, 1),
      behind.get(key),
      behind.getOrSet(key, load),
      behind.delete(key),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
    }
    expect(load).not.toHaveBeenCalled()
    expect(behind.pending).toBe(0)
  })

  it.each<[object, string]>([
    [{ tll: 5 }, 'ERR_CACHE_OPTION'],
    [{ ifVersion: {} }, 'ERR_CACHE_OPTION'],
    [{ ttl: -1 }, 'ERR_CACHE_DURATION'],
    [{ tags: [''] }, 'ERR_CACHE_TAG'],
    [{ tags: () => [''] }, 'ERR_CACHE_TAG'],
  ])('the options %o', async (options, code) => {
    const { cache, behind } = opened()
    await cache.set('a', 'kept')
    await expect(behind.set('a', 1, options as UpdateOptions)).rejects.toMatchObject({ code })
    expect(behind.pending).toBe(0)
    expect(await behind.get('a')).toBe('kept')
  })

  it('tags that can not be told', async () => {
    const { cache, behind } = opened()
    await cache.set('a', 'kept')
    const tags = () => {
      throw new Error('no team')
    }
    await expect(behind.set('a', 1, { tags })).rejects.toThrow('no team')
    expect(behind.pending).toBe(0)
    expect(await cache.get('a')).toBe('kept')
  })
})
