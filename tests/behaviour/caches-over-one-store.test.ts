import { type Cache, createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../fleet.js'

const CHANGES: readonly (readonly [string, (cache: Cache) => Promise<boolean>])[] = [
  ['delete', cache => cache.delete('k')],
  ['expire', cache => cache.expire('k')],
  ['set', cache => cache.set('k', 'new')],
  ['deleteTags', cache => cache.deleteTags(['t'])],
  ['clear', cache => cache.clear()],
]

describe.each(CHANGES)('After %s by a cache', (_, change) => {
  it.each([
    ['no local tier', () => []],
    ['a local tier of its own', () => [lruStore()]],
  ])('with %s, another over the same store object in this process has no copy left', async (_tier, local) => {
    const fleet = openFleet()
    const { cache, store } = fleet.lone()
    const tiers = [...local(), store]
    const neighbour = createCache({
      clock: fleet.clock,
      store: (tiers.length === 1 ? store : tiers) as typeof store,
    })
    await cache.set('k', 'old', { tags: ['t'] })
    expect(cache.peek('k')).toBe('old')
    await change(neighbour)
    expect(cache.peek('k')).toBeUndefined()
  })
})

describe('What one cache could not deliver and another over its store object has', () => {
  it('is told on the bus of the one that owes it', async () => {
    const fleet = openFleet()
    const [debtor, member] = [await fleet.member(), await fleet.member()]
    const neighbour = createCache({ clock: fleet.clock, store: debtor.store })
    await neighbour.set('k', 'old')
    await member.cache.get('k')
    expect(member.cache.peek('k')).toBe('old')
    debtor.store.fail(undefined, { ops: ['delete'], times: 1 })
    expect(await debtor.cache.delete('k')).toBe(false)
    expect(await neighbour.delete('k')).toBe(true)
    await fleet.settle()
    expect(member.cache.peek('k')).toBeUndefined()
  })
})
