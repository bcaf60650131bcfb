import { type Cache, type UpdateOptions, writeThrough } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { memory, openCache } from '../backends.js'

/** Rejects, without having written, and with the value that was there. */
async function refused(
  call: (cache: Cache, write: () => void) => Promise<unknown>,
  code: string,
  message: string,
): Promise<void> {
  const cache = openCache(memory)
  await cache.set('a', 'kept')
  const write = vi.fn()
  await expect(call(cache, write)).rejects.toMatchObject({ name: 'CacheError', code, message })
  expect(write).not.toHaveBeenCalled()
  expect(await cache.get('a')).toBe('kept')
}

describe('writeThrough refuses, before anything is written,', () => {
  it.each([[undefined], [null], [{}], ['cache'], [new Map()]])('%o for a cache', async given => {
    const shown =
      given instanceof Map ? 'Map(0) {}' : typeof given === 'string' ? "'cache'" : JSON.stringify(given)
    await refused(
      (_, write) => writeThrough(given as never, 'a', 'new', write),
      'ERR_CACHE_OPTION',
      `writeThrough takes a cache that createCache made, or a namespace of one; received ${shown}. A second copy of @lookaside/core in the program makes caches that this one does not know`,
    )
  })

  it.each<[unknown, string]>([
    ['', "a key must be a non-empty string; received ''"],
    [7, 'a key must be a non-empty string; received 7'],
    [undefined, 'a key must be a non-empty string; received undefined'],
  ])('%o for a key', async (key, message) => {
    await refused(
      (cache, write) => writeThrough(cache, key as string, 'new', write),
      'ERR_CACHE_KEY',
      message,
    )
  })

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [Promise.resolve(), 'a Promise'],
    ['UPDATE', "'UPDATE'"],
  ])('%o for a write', async (given, shown) => {
    await refused(
      cache => writeThrough(cache, 'a', 'new', given as () => void),
      'ERR_CACHE_OPTION',
      `writeThrough takes the write to the database as a function; received ${shown}`,
    )
  })

  it.each<[object, string, RegExp]>([
    [{ tll: 5 }, 'ERR_CACHE_OPTION', /tll/],
    [{ ifVersion: {} }, 'ERR_CACHE_OPTION', /ifVersion/],
    [{ ttl: -1 }, 'ERR_CACHE_DURATION', /ttl/],
    [{ ttl: () => 5 }, 'ERR_CACHE_DURATION', /ttl/],
    [{ tags: 'users' }, 'ERR_CACHE_TAG', /tags/],
    [{ tags: [''] }, 'ERR_CACHE_TAG', /tag/],
    [{ codec: 'xml' }, 'ERR_CACHE_OPTION', /codec/],
    [{ version: -1 }, 'ERR_CACHE_OPTION', /version/],
  ])('the options %o', async (options, code, message) => {
    const cache = openCache(memory)
    await cache.set('a', 'kept')
    const write = vi.fn()
    const promise = writeThrough(cache, 'a', 'new', write, options as UpdateOptions)
    await expect(promise).rejects.toMatchObject({ name: 'CacheError', code })
    await expect(promise).rejects.toThrow(message)
    expect(write).not.toHaveBeenCalled()
    expect(await cache.get('a')).toBe('kept')
  })

  it('options that are none', async () => {
    const cache = openCache(memory)
    const promise = writeThrough(cache, 'a', 'new', vi.fn(), 'ttl' as never)
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_OPTION' })
  })
})
