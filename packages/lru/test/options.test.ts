import { describe, expect, it } from 'vitest'
import { type LruStoreOptions, lruStore } from '../src/index.js'

const sizeOf = () => 1

function messageFor(options: unknown): string {
  try {
    lruStore(options as LruStoreOptions)
  } catch (error) {
    expect(error).toMatchObject({ name: 'CacheError', code: 'ERR_CACHE_OPTION' })
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

describe('the options of lruStore', () => {
  it('answers an unknown name with the nearest known one', () => {
    expect(messageFor({ maxEntires: 5 })).toContain("did you mean 'maxEntries'?")
  })

  it.each([0, -1, 1.5, Number.NaN, '100', null, 2 ** 24 + 1])('refuses maxEntries %s', maxEntries => {
    expect(messageFor({ maxEntries })).toContain(
      "'maxEntries' must be an integer from 1 to 16777216; received ",
    )
  })

  it.each([0, -1, 0.5, Number.POSITIVE_INFINITY, '1MB'])('refuses maxSize %s', maxSize => {
    expect(messageFor({ maxSize, sizeOf })).toContain("'maxSize' must be an integer from 1 to ")
  })

  it('refuses a sizeOf that is not a function', () => {
    expect(messageFor({ maxSize: 5, sizeOf: 'length' })).toContain("'sizeOf' must be a function")
  })

  it('refuses maxSize without sizeOf, and sizeOf without maxSize', () => {
    expect(messageFor({ maxSize: 5 })).toContain("'maxSize' needs 'sizeOf'")
    expect(messageFor({ sizeOf })).toContain("'sizeOf' has no effect without 'maxSize'")
  })

  it.each([null, 5, {}, new Map([['get', 1]]).values()])('refuses the client %s', client => {
    expect(messageFor({ client })).toContain("'client' must be an LRUCache of lru-cache; received ")
  })

  it('refuses limits next to a client', () => {
    expect(messageFor({ client: new Map(), maxEntries: 5 })).toContain(
      "so 'maxEntries' can't be given with it",
    )
  })

  it('refuses anything but an object', () => {
    expect(messageFor(1_000)).toContain('lruStore takes its options as an object; received 1000')
  })
})
