import type { Guard } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { openFleet } from '../fleet.js'

const refreshing: Guard = {
  name: 'refreshing whatever it is asked about',
  run: (flight, next) => next(flight),
  shouldRefresh: () => true,
}

describe('A fresh local hit', () => {
  it('is answered at once, without I/O and without its loader', async () => {
    const { cache, store, trace } = await openFleet().member()
    await cache.set('k', 'value')
    store.calls.length = 0
    trace.events.length = 0
    const load = vi.fn()
    let answer: unknown
    void cache.getOrSet('k', load).then(value => {
      answer = value
    })
    expect(trace.lines('tier')).toEqual(['hit tier=local'])
    await undefined
    expect(answer).toBe('value')
    expect(load).not.toHaveBeenCalled()
    expect(store.calls).toEqual([])
  })

  it('does no I/O for its tags either, named or not, while the bus is trusted', async () => {
    const fleet = openFleet()
    const { cache, store } = await fleet.member()
    const options = { tags: ['users', 'user:1'] }
    await cache.getOrSet('k', () => 'value', options)
    store.calls.length = 0
    let answer: unknown
    void cache
      .getOrSet('k', () => 'loaded', options)
      .then(value => {
        answer = value
      })
    await undefined
    expect(answer).toBe('value')
    await fleet.clock.advance(60_000)
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('value')
    expect(await cache.getOrSet('k', () => 'loaded', { tags: () => ['computed'] })).toBe('value')
    expect(cache.peek('k')).toBe('value')
    expect(store.calls).toEqual([])
  })

  it('counts as one of the local tier, and what was asked for as one of the remote tier', async () => {
    const fleet = openFleet()
    await fleet.plain().set('k', 'value')
    const { cache } = fleet.lone()
    await cache.get('k')
    await cache.getOrSet('k', () => 'loaded')
    await cache.getMany(['k'])
    expect(cache.stats()).toMatchObject({ hits: { local: 2, remote: 1 }, misses: 0 })
  })

  it('asks for nothing but what has no copy', async () => {
    const fleet = openFleet()
    await fleet.plain().setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    const { cache, store } = fleet.lone()
    await cache.get('b')
    store.calls.length = 0
    expect([...(await cache.getMany(['a', 'b', 'c']))]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(store.calls).toEqual([{ op: 'getMany', keys: ['lookaside::a', 'lookaside::c'] }])
  })
})

describe('An early refresh on a local hit', () => {
  it('loads when the remote tier has nothing newer', async () => {
    const fleet = openFleet()
    const { cache, store, trace } = fleet.lone({ guard: refreshing })
    await cache.set('k', 'old')
    store.calls.length = 0
    trace.events.length = 0
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    expect(store.calls[0]).toEqual({ op: 'get', keys: ['lookaside::k'] })
    expect(trace.lines('tier', 'reason')).toEqual(['hit tier=remote', 'load reason=early', 'commit'])
    expect(cache.peek('k')).toBe('new')
  })

  it('answers with what is there when the load fails', async () => {
    const { cache } = openFleet().lone({ guard: refreshing })
    await cache.set('k', 'old')
    const answer = cache.getOrSet('k', () => {
      throw new Error('the database is down')
    })
    expect(await answer).toBe('old')
  })
})

describe('A key whose invalidation the store has not taken yet', () => {
  it('is not even asked for', async () => {
    const { cache, store } = openFleet().lone()
    await cache.set('k', 'old')
    store.fail()
    await cache.delete('k')
    store.heal()
    store.calls.length = 0
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    expect(store.calls).toEqual([])
  })
})
