import type { Entry } from '@lookaside/core'
import { LRUCache } from 'lru-cache'
import { describe, expect, it } from 'vitest'
import { lruStore } from '../src/index.js'
import { entryOf } from './entries.js'

describe('a store on an LRUCache of the application', () => {
  it('keeps its entries there, under their keys', () => {
    const client = new LRUCache<string, Entry<unknown>>({ max: 2 })
    const store = lruStore({ client })
    const entry = entryOf(1)
    store.set('a', entry)
    expect(client.get('a')).toBe(entry)
    client.delete('a')
    expect(store.get('a')).toBeUndefined()
  })

  it('leaves the limits to the client, by number or by size', () => {
    const byNumber = lruStore({ client: new LRUCache<string, Entry<unknown>>({ max: 1 }) })
    const bySize = lruStore({
      client: new LRUCache<string, Entry<unknown>>({
        maxSize: 5,
        sizeCalculation: entry => String(entry.value).length,
      }),
    })
    for (const store of [byNumber, bySize]) {
      store.set('a', entryOf('aaa'))
      store.set('b', entryOf('bbb'))
      expect(store.get('a')).toBeUndefined()
      expect(store.get('b')?.value).toBe('bbb')
    }
  })

  it('passes a given size on to a client that limits by size, and to no other', () => {
    const byNumber = lruStore({ client: new LRUCache<string, Entry<unknown>>({ max: 5 }) })
    const bySize = lruStore({ client: new LRUCache<string, Entry<unknown>>({ maxSize: 5 }) })
    const byEntrySize = lruStore({
      client: new LRUCache<string, Entry<unknown>>({ max: 5, maxEntrySize: 5 }),
    })
    for (const store of [byNumber, bySize, byEntrySize]) store.set('a', entryOf(1), 6)
    expect(byNumber.size).toBe(1)
    expect(bySize.size).toBe(0)
    expect(byEntrySize.size).toBe(0)
    bySize.set('a', entryOf(1), 0)
    expect(bySize.size).toBe(1)
  })
})
