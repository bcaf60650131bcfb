import { createCache, type RemoteStore } from '@lookaside/core'
import { memoryRemoteStore } from '@lookaside/testing'
import { expect, it } from 'vitest'

/** A store that keeps its contract but for what is replaced. */
function brokenStore(replaced: Partial<RemoteStore>): RemoteStore {
  return { ...memoryRemoteStore(), ...replaced }
}

const nonsense = { bytes: 7, version: {} } as never

it('A store that returns no bytes fails whoever asked for that key, and nobody who asked beside', async () => {
  const cache = createCache({
    store: brokenStore({
      get: async () => nonsense,
      getMany: async keys => keys.map((_, index) => (index === 0 ? nonsense : undefined)),
    }),
  })
  await expect(cache.getOrSet('a', () => 1)).rejects.toThrow(TypeError)
  const [first, second] = await Promise.allSettled([
    cache.getOrSet('a', () => 1),
    cache.getOrSet('b', () => 2),
  ])
  expect(first.status).toBe('rejected')
  expect(second).toEqual({ status: 'fulfilled', value: 2 })
})

it('A store that throws instead of rejecting is a store that fails: the loader runs, however often', async () => {
  const cache = createCache({
    store: brokenStore({
      get() {
        throw new Error('thrown at once')
      },
    }),
    breaker: false,
  })
  // More than there are places for calls at once, none of which may be lost.
  for (let turn = 0; turn < 300; turn++) expect(await cache.getOrSet(`k${turn}`, () => turn)).toBe(turn)
  expect(cache.stats().storeErrors).toBeGreaterThanOrEqual(300)
})
