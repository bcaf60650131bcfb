import { describe, expect, it } from 'vitest'
import { lruStore } from '../src/index.js'
import { entryOf } from './entries.js'

describe('lruStore', () => {
  it('returns the very entry that was set', () => {
    const store = lruStore()
    const entry = entryOf({ name: 'Ada' })
    store.set('user:1', entry)
    expect(store.get('user:1')).toBe(entry)
    expect(store.get('user:2')).toBeUndefined()
  })

  it('keeps entries that are long dead, and whose value is undefined', () => {
    const store = lruStore()
    store.set('dead', { ...entryOf('x'), staleAt: 1, deleteAt: 1 })
    store.set('nothing', entryOf(undefined))
    expect(store.get('dead')?.value).toBe('x')
    expect(store.get('nothing')).toStrictEqual(entryOf(undefined))
    expect(store.size).toBe(2)
  })

  it('drops the entry that was used longest ago', () => {
    const store = lruStore({ maxEntries: 2 })
    store.set('a', entryOf(1))
    store.set('b', entryOf(2))
    store.get('a')
    store.set('c', entryOf(3))
    expect(store.get('b')).toBeUndefined()
    expect(store.get('a')?.value).toBe(1)
    expect(store.get('c')?.value).toBe(3)
    expect(store.size).toBe(2)
  })

  it('keeps 10,000 entries unless told otherwise', () => {
    const store = lruStore()
    for (let i = 0; i <= 10_000; i++) store.set(`key:${i}`, entryOf(i))
    expect(store.size).toBe(10_000)
    expect(store.get('key:0')).toBeUndefined()
    expect(store.get('key:1')?.value).toBe(1)
  })

  it('says whether delete found an entry', () => {
    const store = lruStore()
    store.set('a', entryOf(1))
    expect(store.delete('a')).toBe(true)
    expect(store.delete('a')).toBe(false)
    expect(store.get('a')).toBeUndefined()
  })

  it('clears the keys that start with a prefix, taken literally, and no others', () => {
    const store = lruStore()
    const keys = ['a*:1', 'a*:2', 'a*:3', 'ab:1', 'a', 'b:a*:1']
    for (const key of keys) store.set(key, entryOf(key))
    store.clear('a*:')
    expect(keys.filter(key => store.get(key) !== undefined)).toEqual(['ab:1', 'a', 'b:a*:1'])
  })

  it.each([1, 2, 3, 50])(
    'clears every one of %i keys of a prefix, wherever they stand in the order of use',
    count => {
      const store = lruStore()
      for (let i = 0; i < count; i++) {
        store.set(`gone:${i}`, entryOf(i))
        store.set(`kept:${i}`, entryOf(i))
      }
      store.clear('gone:')
      expect(store.size).toBe(count)
      expect(store.get(`gone:${count - 1}`)).toBeUndefined()
      expect(store.get('kept:0')?.value).toBe(0)
    },
  )

  it('clears everything without a prefix', () => {
    const store = lruStore()
    store.set('a', entryOf(1))
    store.set('b', entryOf(2))
    store.clear()
    expect(store.size).toBe(0)
    expect(store.get('a')).toBeUndefined()
  })

  it('takes a size it has no use for', () => {
    const store = lruStore({ maxEntries: 5 })
    store.set('a', entryOf(1), 1_000)
    expect(store.get('a')?.value).toBe(1)
  })

  it('names itself', () => {
    expect(lruStore()).toMatchObject({ kind: 'local', name: 'lru' })
  })
})
