import { createCache, isCacheError } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { guards } from './guards.js'

/** What TypeScript would not let through: programs in JavaScript, and values from outside. */
const wrong = (value: unknown) => value as never

async function refusal(items: unknown, options: unknown): Promise<string> {
  const cache = createCache({ store: lruStore(), guard: guards[1]?.guard })
  onTestFinished(() => cache.close())
  try {
    await cache.getOrSetMany(wrong(items), wrong(options))
    return 'takes it'
  } catch (error) {
    expect(cache.stats().misses).toBe(0)
    return isCacheError(error) ? `${error.code}: ${error.message}` : `${error}`
  }
}

const key = (item: unknown) => `${item}`
const load = (items: readonly unknown[]) => items.map(() => 'row')

describe('getOrSetMany', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['abc', "'abc'"],
    [7, '7'],
    [{ a: 1 }, '{ a: 1 }'],
  ])('refuses items that can not be iterated over: %o', async (items, quoted) => {
    expect(await refusal(items, { key, load })).toBe(
      `ERR_CACHE_OPTION: items of getOrSetMany must be an iterable; received ${quoted}`,
    )
  })

  it('refuses items that come asynchronously', async () => {
    async function* later() {
      yield 'a'
    }
    expect(await refusal(later(), { key, load })).toMatch(
      /^ERR_CACHE_OPTION: items of getOrSetMany must be an iterable; received /,
    )
  })

  it.each([
    [{ load }, 'key of getOrSetMany must be a function of an item that returns its key; received undefined'],
    [
      { key: 'user', load },
      "key of getOrSetMany must be a function of an item that returns its key; received 'user'",
    ],
    [{ key }, 'load of getOrSetMany must be a function that loads the missing items; received undefined'],
    [
      { key, load: 'load' },
      "load of getOrSetMany must be a function that loads the missing items; received 'load'",
    ],
    [
      { key, load, onError: 'ignore' },
      "onError of getOrSetMany must be 'reject' or 'return'; received 'ignore'",
    ],
    [undefined, 'key of getOrSetMany must be a function of an item that returns its key; received undefined'],
  ])('refuses %o', async (options, message) => {
    expect(await refusal(['a'], options)).toBe(`ERR_CACHE_OPTION: ${message}`)
  })

  it('refuses an option that it does not know, and says which one may be meant', async () => {
    expect(await refusal(['a'], { key, load, onErr: 'return' })).toMatch(
      /^ERR_CACHE_OPTION: .*'onErr'.*getOrSetMany.*'onError'/,
    )
    expect(await refusal(['a'], { key, loader: load })).toMatch(/^ERR_CACHE_OPTION: .*'loader'.*'load'/)
  })

  it.each([
    ['', "''"],
    [7, '7'],
    [undefined, 'undefined'],
  ])('refuses %o as a key, before anything is looked for', async (bad, quoted) => {
    const keyOf = (item: unknown) => (item === 'b' ? bad : 'a')
    expect(await refusal(['a', 'b'], { key: keyOf, load })).toBe(
      `ERR_CACHE_KEY: a key must be a non-empty string; received ${quoted}`,
    )
  })

  it('rejects with what its key function throws', async () => {
    const keyOf = () => {
      throw new TypeError('no id')
    }
    expect(await refusal(['a'], { key: keyOf, load })).toBe('TypeError: no id')
  })

  it('rejects with what the iterable throws, before anything is looked for', async () => {
    function* broken() {
      yield 'a'
      throw new TypeError('no more rows')
    }
    expect(await refusal(broken(), { key, load })).toBe('TypeError: no more rows')
  })

  it.each([
    [{ ttl: 'soon' }, 'ERR_CACHE_DURATION'],
    [{ tags: [''] }, 'ERR_CACHE_TAG'],
    [{ tags: 'rows' }, 'ERR_CACHE_TAG'],
    [{ softTimeout: -1 }, 'ERR_CACHE_DURATION'],
    [{ waitUntil: true }, 'ERR_CACHE_OPTION'],
    [{ signal: 'abort' }, 'ERR_CACHE_OPTION'],
    [{ refresh: 1 }, 'ERR_CACHE_OPTION'],
  ])('refuses %o as getOrSet does, and loads nothing', async (options, code) => {
    const cache = createCache({ store: lruStore(), guard: guards[1]?.guard })
    onTestFinished(() => cache.close())
    const loading = vi.fn(load)
    const single = await cache.getOrSet('a', () => 1, wrong(options)).catch(error => error)
    const many = cache.getOrSetMany(['a', 'b'], wrong({ key, load: loading, ...options }))
    await expect(many).rejects.toMatchObject({ code, message: (single as Error).message })
    expect(loading).not.toHaveBeenCalled()
  })
})
