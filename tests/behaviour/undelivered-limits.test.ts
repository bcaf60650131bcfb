import type { CacheEvent } from '@lookaside/core'
import { type EventTrace, eventTrace } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { newPrefix } from '../backends.js'
import { cutOff, fates } from './cut-off.js'

const LIMIT = 10_000

/** `a 0`, `a 1` … */
function keys(count: number, name = 'a'): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`)
}

/** How many invalidations have come to each end. */
function counts(trace: EventTrace<CacheEvent>): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const line of fates(trace)) {
    const [fate, kind, target] = line.split(' ')
    const name = `${fate} ${kind} ${target}`
    counted[name] = (counted[name] ?? 0) + 1
  }
  return counted
}

describe('A queue of undelivered invalidations', () => {
  it(`sends ${LIMIT} of them as they are`, async () => {
    const { cache, store, clock, other, trace } = cutOff()
    const stored = ['a 0', `a ${LIMIT - 1}`, 'b']
    await cache.setMany(stored.map(key => [key, 'old']))
    store.fail()
    expect(await cache.deleteMany(keys(LIMIT))).toBe(false)
    store.heal()
    expect(await cache.get('b')).toBe('old')
    await clock.advance(100)
    expect(counts(trace)).toEqual({ 'queued delete key': LIMIT, 'delivered delete key': LIMIT })
    expect(await other.getMany(stored)).toEqual(new Map([['b', 'old']]))
  })

  it('that is full becomes one clear of the cache, which spares what others keep in the store', async () => {
    const { cache, store, clock, other, open, trace } = cutOff()
    const foreign = open({ prefix: newPrefix() })
    await foreign.set('a 0', 'foreign')
    const users = cache.namespace('users')
    await users.set('a 0', 'old')
    await cache.setMany([
      ['a 0', 'old'],
      ['b', 'old'],
    ])
    store.fail()
    await users.namespace('nested').clear()
    await cache.deleteTags(['t'])
    expect(await cache.deleteMany(keys(LIMIT - 1))).toBe(false)
    store.heal()
    for (const view of [cache, users]) expect(await view.getMany(['a 0', 'b'])).toEqual(new Map())
    store.calls.length = 0
    await clock.advance(100)
    expect(store.calls).toEqual([{ op: 'clear', keys: [`${cache.path}:`] }])
    expect(counts(trace)).toEqual({
      'queued delete key': LIMIT - 1,
      'queued delete tag': 1,
      'queued clear prefix': 2,
      'delivered clear prefix': 1,
    })
    expect(fates(trace).at(-1)).toBe(`delivered clear prefix ${cache.path}`)
    expect(await other.getMany(['a 0', 'b'])).toEqual(new Map())
    expect(await other.namespace('users').get('a 0')).toBeUndefined()
    expect(await foreign.get('a 0')).toBe('foreign')
    expect(await cache.set('a 0', 'new')).toBe(true)
    expect(await cache.get('a 0')).toBe('new')
  })

  it('never holds more than that, whatever is invalidated', async () => {
    const { cache, store, trace } = cutOff()
    store.fail()
    const spaces = Array.from({ length: 50 }, (_, index) => cache.namespace(`n${index}`))
    for (const space of spaces) await space.clear()
    await Promise.all(spaces.map(space => space.deleteTags(keys(200, 't').map(tag => tag.replace(' ', '-')))))
    for (let batch = 0; batch < 4; batch++) await cache.deleteMany(keys(4_000, `batch ${batch}`))
    await cache.close()
    const { 'dropped delete key': dropped = 0, 'dropped clear prefix': cleared = 0, ...rest } = counts(trace)
    expect(dropped + cleared).toBeLessThanOrEqual(LIMIT)
    expect(cleared).toBe(1)
    expect(rest).not.toHaveProperty('dropped delete tag')
    expect(rest['queued delete tag']).toBe(LIMIT)
  })

  it('that several caches with prefixes of their own share clears the one that has filled it', async () => {
    const { cache, store, clock, open, trace } = cutOff()
    const neighbour = open({ store, prefix: newPrefix() })
    const told = eventTrace(neighbour)
    await neighbour.setMany(['a', 'b'].map(key => [key, 'old']))
    store.fail()
    await cache.deleteMany(keys(LIMIT))
    await neighbour.delete('a')
    store.heal()
    expect(await neighbour.getMany(['a', 'b'])).toEqual(new Map([['b', 'old']]))
    expect(await cache.getOrSet('c', () => 'new')).toBe('new')
    await clock.advance(100)
    expect(counts(told)).toEqual({ 'queued delete key': 1, 'delivered delete key': 1 })
    expect(fates(trace).at(-1)).toBe(`delivered clear prefix ${cache.path}`)
    expect(await neighbour.getMany(['a', 'b'])).toEqual(new Map([['b', 'old']]))
  })

  it('of a cache without a prefix can not become a clear: it sends what it has, and believes nothing', async () => {
    const { cache, store, clock, other, trace } = cutOff({ prefix: '', ttl: 1_000, claimTtl: 1_000 })
    // In the same store, under a prefix.
    await other.set('a', 'foreign')
    await cache.setMany([
      ['a 0', 'old'],
      ['b', 'untouched'],
    ])
    store.fail()
    await cache.deleteMany(keys(LIMIT))
    await cache.deleteMany(keys(3, 'surplus'))
    store.heal()
    expect(await cache.getMany(['a 0', 'b'])).toEqual(new Map())
    expect(counts(trace)).toEqual({
      'queued delete key': LIMIT + 3,
      'dropped delete key': 3,
      'queued clear prefix': 1,
    })
    await clock.advance(100)
    expect(counts(trace)).toMatchObject({ 'delivered delete key': LIMIT })
    // One that is dropped may be of anything: until all that there was has expired nothing is believed.
    expect(await cache.get('b')).toBeUndefined()
    expect(await cache.getOrSet('b', () => 'new')).toBe('new')
    await clock.advance(4_000)
    expect(counts(trace)).toMatchObject({ 'expired clear prefix': 1 })
    expect(store.calls.some(({ op }) => op === 'clear')).toBe(false)
    expect(await cache.getOrSet('b', () => 'newer')).toBe('newer')
    expect(await cache.get('b')).toBe('newer')
    expect(await other.get('a')).toBe('foreign')
  })

  it('of a cache without a prefix keeps clears of its namespaces', async () => {
    const { cache, store, clock } = cutOff({ prefix: '' })
    const users = cache.namespace('users')
    await users.set('a', 'old')
    await cache.set('a', 'old')
    store.fail()
    expect(await users.clear()).toBe(false)
    store.heal()
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_CACHE_UNSUPPORTED' })
    expect(await users.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBe('old')
    await clock.advance(100)
    expect(await users.getOrSet('a', () => 'new')).toBe('new')
    expect(await users.get('a')).toBe('new')
    expect(await cache.get('a')).toBe('old')
  })
})

describe('An invalidation that can not be delivered', () => {
  const HOUR = 3_600_000
  const lived = { ttl: HOUR, grace: HOUR, claimTtl: 1_000 }

  it('is given up when what it names has expired, and not before', async () => {
    const { cache, store, clock, trace, other } = cutOff(lived)
    await cache.set('a', 'old')
    store.fail()
    await cache.delete('a')
    await cache.deleteTags(['t'])
    await cache.namespace('users').clear()
    await clock.advance(2 * HOUR)
    expect(counts(trace)).not.toHaveProperty('expired delete key')
    await clock.advance(3_000)
    expect(counts(trace)).toMatchObject({
      'expired delete key': 1,
      'expired delete tag': 1,
      'expired clear prefix': 1,
    })
    store.heal()
    expect(await other.get('a')).toBeUndefined()
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(await cache.get('a')).toBe('new')
    expect(clock.pending).toBe(0)
  })

  it('is kept for an hour, though entries of this process live less: others may keep theirs longer', async () => {
    const { cache, store, clock, other } = cutOff({ ttl: 1_000, claimTtl: 1_000 })
    await other.set('a', 'old', { ttl: '2h' })
    store.fail()
    await cache.delete('a')
    await clock.advance(HOUR)
    store.heal()
    await clock.advance(1_000)
    expect(await other.get('a')).toBeUndefined()
  })

  it.each<[string, (both: ReturnType<typeof cutOff>) => Promise<unknown>]>([
    ['has stored', ({ cache }) => cache.set('b', 1, { ttl: '3h' })],
    ['has loaded', ({ cache }) => cache.getOrSet('b', () => 1, { ttl: '3h' })],
    [
      'has loaded while the store was away',
      ({ cache, store }) => {
        store.fail()
        return cache.getOrSet('b', () => 1, { ttl: '3h' })
      },
    ],
    [
      'has not been able to store',
      ({ cache, store }) => {
        store.fail()
        return cache.set('b', 1, { ttl: '3h', tags: ['t'] })
      },
    ],
    [
      'has read',
      async ({ cache, other }) => {
        await other.set('b', 1, { ttl: '3h' })
        return cache.get('b')
      },
    ],
  ])('is kept as long as anything that this process %s', async (_, meet) => {
    const both = cutOff(lived)
    const { cache, other, store, clock } = both
    await other.set('a', 'old', { ttl: '3h' })
    await meet(both)
    store.fail()
    await cache.delete('a')
    await clock.advance(2.5 * HOUR)
    store.heal()
    expect(await other.get('a')).toBe('old')
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(1_000)
    expect(await other.get('a')).toBeUndefined()
  })

  it('is kept that long also if this process meets it later', async () => {
    const { cache, other, store, clock } = cutOff(lived)
    await other.setMany(
      ['a', 'b'].map(key => [key, 'old']),
      { ttl: '3h' },
    )
    store.fail(undefined, 'delete')
    await cache.delete('a')
    expect(await cache.get('b')).toBe('old')
    await clock.advance(2.5 * HOUR)
    expect(await cache.get('a')).toBeUndefined()
    store.heal()
    await clock.advance(1_000)
    expect(await other.get('a')).toBeUndefined()
  })
})
