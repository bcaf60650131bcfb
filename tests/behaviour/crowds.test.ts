import { describe, expect, it } from 'vitest'
import { faultyCache } from './faulty-cache.js'
import { settled } from './settled.js'

const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`)

describe('A crowd of calls to a remote store', () => {
  it('is sent 256 at a time, and answered completely', async () => {
    const { cache, clock, store } = faultyCache()
    store.delay(10)
    const deleted = Promise.all(keys.map(key => cache.delete(key)))
    await clock.advance(0)
    expect(store.calls).toHaveLength(256)
    await clock.advance(10)
    expect(store.calls).toHaveLength(512)
    await clock.advance(30)
    expect(new Set(await deleted)).toEqual(new Set([true]))
  })

  it('costs one deadline when the store says nothing, and what was not sent never is', async () => {
    const { cache, clock, store } = faultyCache({ storeTimeout: 200 })
    store.hang()
    const deleted = Promise.all(keys.map(key => cache.delete(key)))
    const done = settled(deleted)
    await clock.advance(199)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(new Set(await deleted)).toEqual(new Set([false]))
    expect(store.calls).toHaveLength(256)
  })

  it('waits no longer than one deadline for its turn at a store that is slow', async () => {
    const { cache, clock, store } = faultyCache({ storeTimeout: 200 })
    store.delay(150)
    const deleted = Promise.all(keys.map(key => cache.delete(key)))
    await clock.advance(400)
    const answers = await deleted
    // 256 at 0 ms, 256 at 150 ms; the others had no turn within 200 ms.
    expect(answers.filter(delivered => delivered)).toHaveLength(512)
    expect(store.calls).toHaveLength(512)
    store.heal()
    expect(await cache.delete('later')).toBe(true)
  })
})
