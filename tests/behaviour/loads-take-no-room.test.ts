import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { gate } from './gate.js'

const ROOM = 10

describe('In memory', () => {
  it('loads take up no room while they last, however many there are', async () => {
    const store = lruStore({ maxEntries: ROOM })
    const cache = createCache({ store, guard: stampedeGuard() })
    const kept = Array.from({ length: ROOM }, (_, index) => `kept:${index}`)
    for (const key of kept) await cache.set(key, key)
    const ending = gate()
    const loads = Array.from({ length: 50 * ROOM }, (_, index) =>
      cache.getOrSet(`new:${index}`, async () => {
        await ending.passed
        return index
      }),
    )
    // A turn of the event loop, in which all of them have begun.
    await new Promise(resolve => setImmediate(resolve))
    expect(cache.stats().misses).toBe(loads.length)
    expect(store.size).toBe(ROOM)
    for (const key of kept) expect(cache.peek(key)).toBe(key)
    ending.open()
    await Promise.all(loads)
    expect(cache.stats()).toMatchObject({ commits: loads.length, commitsRejected: 0 })
    expect(store.size).toBe(ROOM)
    await cache.close()
  })

  it('a delete still wins over a load that is under way', async () => {
    const cache = createCache({ store: lruStore({ maxEntries: ROOM }), guard: stampedeGuard() })
    const [begun, ending] = [gate(), gate()]
    const loading = cache.getOrSet('a', async () => {
      begun.open()
      await ending.passed
      return 'old'
    })
    await begun.passed
    await cache.delete('a')
    ending.open()
    expect(await loading).toBe('old')
    expect(cache.peek('a')).toBeUndefined()
    await cache.close()
  })
})
