import { describe, expect, it } from 'vitest'
import { lruStore } from '../src/index.js'
import { entryOf } from './entries.js'

const byLength = { maxSize: 10, sizeOf: (value: unknown) => String(value).length }

describe('a store limited by size', () => {
  it('drops the entries used longest ago until the sizes fit', () => {
    const store = lruStore(byLength)
    store.set('a', entryOf('aaaa'))
    store.set('b', entryOf('bbbb'))
    store.set('c', entryOf('cccccc'))
    expect(store.get('a')).toBeUndefined()
    expect(store.get('b')?.value).toBe('bbbb')
    expect(store.get('c')?.value).toBe('cccccc')
  })

  it('gives sizeOf the value and its key', () => {
    const calls: unknown[] = []
    const value = { name: 'Ada' }
    const store = lruStore({ maxSize: 10, sizeOf: (...received) => calls.push(received) })
    store.set('user:1', entryOf(value))
    expect(calls).toEqual([[value, 'user:1']])
  })

  it('does not keep an entry larger than maxSize, nor the one it was to replace', () => {
    const store = lruStore(byLength)
    store.set('other', entryOf('o'))
    store.set('a', entryOf('small'))
    store.set('a', entryOf('much too large'))
    expect(store.get('a')).toBeUndefined()
    expect(store.get('other')?.value).toBe('o')
  })

  it('does not keep an entry of infinite size', () => {
    const store = lruStore({ maxSize: 10, sizeOf: () => Number.POSITIVE_INFINITY })
    store.set('a', entryOf(1))
    expect(store.size).toBe(0)
  })

  it('counts a size of 0 as 1, and a fraction as the next whole number', () => {
    const empty = lruStore({ maxSize: 2, sizeOf: () => 0 })
    const fractions = lruStore({ maxSize: 3, sizeOf: () => 1.2 })
    for (const key of ['a', 'b', 'c']) {
      empty.set(key, entryOf(key))
      fractions.set(key, entryOf(key))
    }
    expect(empty.size).toBe(2)
    expect(fractions.size).toBe(1)
  })

  it('takes a size given with the entry over that of sizeOf', () => {
    const store = lruStore({
      maxSize: 10,
      sizeOf() {
        throw new Error('not to be called')
      },
    })
    store.set('a', entryOf('aaaa'), 1)
    expect(store.get('a')?.value).toBe('aaaa')
    store.set('a', entryOf('a'), 11)
    expect(store.get('a')).toBeUndefined()
  })

  it('holds maxEntries as well', () => {
    const store = lruStore({ ...byLength, maxEntries: 1 })
    store.set('a', entryOf('a'))
    store.set('b', entryOf('b'))
    expect(store.size).toBe(1)
  })

  it.each([Number.NaN, -1, undefined, '3'])('refuses the size %s and names the key', size => {
    const store = lruStore({ maxSize: 10, sizeOf: () => size as number })
    expect(() => store.set('user:1', entryOf(1))).toThrowError(
      expect.objectContaining({
        code: 'ERR_CACHE_OPTION',
        message: expect.stringContaining("for 'user:1'"),
      }),
    )
  })
})
