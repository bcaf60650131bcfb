import { localStoreSuite } from '@lookaside/testing'
import { LRUCache } from 'lru-cache'
import { describe, test } from 'vitest'
import { lruStore } from '../src/index.js'

describe('a store limited by number', () => {
  localStoreSuite({ test, create: () => lruStore({ maxEntries: 100 }) })
})

describe('a store limited by size', () => {
  localStoreSuite({ test, create: () => lruStore({ maxSize: 100, sizeOf: () => 1 }) })
})

describe('a store on an LRUCache of the application', () => {
  localStoreSuite({ test, create: () => lruStore({ client: new LRUCache({ max: 100 }) }) })
})
