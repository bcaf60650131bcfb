import type { Cache } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { faultyCache } from './faulty-cache.js'
import { settled } from './settled.js'

describe('A store that does not answer', () => {
  it('costs a read one deadline, to the millisecond, and then the loader runs', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang()
    const load = vi.fn(() => 'loaded')
    const promise = cache.getOrSet('a', load)
    const done = settled(promise)
    await clock.advance(199)
    expect(load).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await promise).toBe('loaded')
    expect(trace.lines('operation', 'reason', 'stale')).toEqual([
      'store-error operation=get',
      'miss stale=false',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    expect(trace.events[0]).toMatchObject({
      error: { code: 'ERR_CACHE_TIMEOUT', message: 'memory did not answer get within 200 ms' },
    })
    expect(store.calls.map(({ op }) => op)).toEqual(['get'])
  })

  it.each([
    ['get', undefined],
    ['has', false],
    ['getMany', new Map()],
    ['set', false],
    ['setMany', false],
    ['delete', false],
    ['deleteMany', false],
    ['expire', false],
  ] as const)('costs %s one deadline, which it does not reject for', async (method, answer) => {
    const { cache, clock, store } = faultyCache()
    store.hang()
    const calls: Record<typeof method, () => Promise<unknown>> = {
      get: () => cache.get('a'),
      has: () => cache.has('a'),
      getMany: () => cache.getMany(['a', 'b']),
      set: () => cache.set('a', 1),
      setMany: () =>
        cache.setMany([
          ['a', 1],
          ['b', 2],
        ]),
      delete: () => cache.delete('a'),
      deleteMany: () => cache.deleteMany(['a', 'b']),
      expire: () => cache.expire('a'),
    }
    const promise = calls[method]()
    const done = settled(promise)
    await clock.advance(199)
    expect(done()).toBe(false)
    // What was sent stays unanswered; what is cleaned up afterwards, in the background, is not.
    store.heal()
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await promise).toEqual(answer)
  })

  it('costs a multi-get of many batches one deadline, not one for each', async () => {
    const { cache, clock, store } = faultyCache({ breaker: false })
    store.hang()
    const promise = cache.getMany(Array.from({ length: 3_000 }, (_, index) => `k${index}`))
    const done = settled(promise)
    await clock.advance(199)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await promise).toEqual(new Map())
  })

  it('at the claim costs a miss one deadline, and the value is not stored', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang('add')
    const promise = cache.getOrSet('a', () => 'loaded')
    await clock.advance(200)
    expect(await promise).toBe('loaded')
    expect(trace.lines('operation', 'reason')).toEqual([
      'miss',
      'store-error operation=add',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
  })

  it('at the commit costs a miss one deadline, and the caller has its value', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang({ ops: ['replace'], times: 1 })
    const promise = cache.getOrSet('a', () => 'loaded')
    await clock.advance(200)
    expect(await promise).toBe('loaded')
    expect(trace.lines('operation', 'reason').slice(1)).toEqual([
      'load reason=miss',
      'store-error operation=replace',
      'not-stored reason=store-error',
    ])
    await clock.advance(0)
    expect(await cache.getOrSet('a', () => 'next')).toBe('next')
    expect(await cache.get('a')).toBe('next')
  })

  it('for a while only is asked again by the next call', async () => {
    const { cache, clock, store } = faultyCache()
    store.hang({ ops: ['get'], times: 1 })
    const first = cache.getOrSet('a', () => 'first')
    await clock.advance(200)
    expect(await first).toBe('first')
    expect(await cache.getOrSet('a', () => 'second')).toBe('second')
    expect(await cache.get('a')).toBe('second')
  })

  it('at clear is waited for: the store bounds its own steps', async () => {
    const { cache, clock, store } = faultyCache()
    await cache.set('a', 1)
    store.delay(1_000, 'clear')
    const clearing = cache.clear()
    const done = settled(clearing)
    await clock.advance(999)
    expect(done()).toBe(false)
    await clock.advance(1)
    await clearing
    expect(await cache.has('a')).toBe(false)
  })

  it('at clear at all makes it resolve to false after a minute, and the clear waits to be sent again', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.hang('clear')
    const clearing = cache.clear()
    const done = settled(clearing)
    await clock.advance(59_999)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await clearing).toBe(false)
    expect(trace.lines('operation', 'target', 'name', 'delivered')).toEqual([
      'store-error operation=clear',
      `invalidation-queued target=prefix name=${cache.path}`,
      'clear delivered=false',
    ])
    expect(trace.events[0]).toMatchObject({ error: { code: 'ERR_CACHE_TIMEOUT' } })
  })

  it('sets no timer that outlives the answer', async () => {
    const { cache, clock } = faultyCache()
    await cache.getOrSet('a', () => 1)
    await cache.getOrSet('a', () => 1)
    await cache.delete('a')
    await clock.advance(0)
    expect(clock.pending).toBe(0)
  })
})

describe('A crowd of calls', () => {
  const crowd = (cache: Cache) =>
    Promise.all(Array.from({ length: 1_000 }, (_, index) => cache.delete(`k${index}`)))

  it('is sent 256 at a time, and is answered completely', async () => {
    const { cache, clock, store } = faultyCache()
    store.delay(40)
    const answers = crowd(cache)
    await clock.advance(39)
    expect(store.calls).toHaveLength(256)
    await clock.advance(40)
    expect(store.calls).toHaveLength(512)
    await clock.advance(81)
    expect(await answers).toEqual(Array(1_000).fill(true))
  })

  it('costs each of its callers one deadline when the store does not answer, whoever stands in line', async () => {
    const { cache, clock, store } = faultyCache({ breaker: false })
    store.hang()
    const answers = crowd(cache)
    const done = settled(answers)
    await clock.advance(199)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await answers).toEqual(Array(1_000).fill(false))
    expect(store.calls).toHaveLength(256)
  })

  it('stays in line when one call fails among others that are answered', async () => {
    const { cache, clock, store } = faultyCache()
    store.delay(40)
    const answers = crowd(cache)
    await clock.advance(39)
    store.fail(new Error('connection reset'), { times: 1 })
    await clock.advance(121)
    expect((await answers).filter(answer => !answer)).toHaveLength(1)
  })

  it('leaves the line after one deadline, and keeps nobody from being sent afterwards', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.delay(150)
    const answers = crowd(cache)
    await clock.advance(1_000)
    expect((await answers).filter(Boolean)).toHaveLength(512)
    // What was never sent is an invalidation that the store has not taken: it is sent later, all of it together.
    const [late, ...others] = store.calls.slice(512)
    expect(others).toEqual([])
    expect([late?.op, late?.keys.length]).toEqual(['deleteMany', 488])
    expect(trace.types().filter(type => type === 'invalidation-delivered')).toHaveLength(488)
    expect(trace.types()).not.toContain('breaker')
    store.heal()
    expect(await crowd(cache)).toEqual(Array(1_000).fill(true))
  })
})

describe('An answer that comes after its deadline', () => {
  it('to a read changes nothing', async () => {
    const { cache, clock, store } = faultyCache()
    await cache.set('a', 'stored')
    store.delay(300, { ops: ['get'], times: 1 })
    const promise = cache.getOrSet('a', () => 'loaded')
    await clock.advance(200)
    expect(await promise).toBe('loaded')
    await clock.advance(100)
    expect(await cache.get('a')).toBe('stored')
  })

  it('to a claim takes its marker away again, so that nobody waits for it', async () => {
    const { cache, clock, store } = faultyCache()
    store.delay(300, { ops: ['add'], times: 1 })
    const promise = cache.getOrSet('a', () => 'first')
    await clock.advance(200)
    expect(await promise).toBe('first')
    await clock.advance(100)
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'add', 'delete'])
    expect(await cache.getOrSet('a', () => 'second')).toBe('second')
    expect(await cache.get('a')).toBe('second')
  })

  it('to the election of a refresher is taken back, so that somebody else can be elected', async () => {
    const { cache, clock, store, trace } = faultyCache({ ttl: 1_000, grace: '1h', claimTtl: '10m' })
    await cache.set('a', 'old')
    await clock.advance(1_000)
    store.delay(300, { ops: ['add'], times: 1 })
    const promise = cache.getOrSet('a', () => 'first')
    await clock.advance(200)
    expect(await promise).toBe('first')
    await clock.advance(100)
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 'second')).toBe('second')
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
    expect(await cache.get('a')).toBe('second')
  })

  it('that is an error is nobody’s unhandled rejection', async () => {
    const { cache, clock, store, trace } = faultyCache()
    store.delay(300, { times: 1 })
    store.fail(new Error('connection reset'), { times: 1 })
    const promise = cache.get('a')
    await clock.advance(300)
    expect(await promise).toBeUndefined()
    expect(trace.types()).toEqual(['store-error', 'miss'])
    expect(cache.stats().storeErrors).toBe(1)
  })
})

describe('An error of a store', () => {
  it('is told once, in a CacheError of which it is the cause', async () => {
    const { cache, store, trace } = faultyCache()
    const cause = new Error('connection reset')
    store.fail(cause, 'get')
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    const [event] = trace.events
    expect(event).toMatchObject({
      type: 'store-error',
      store: 'memory',
      operation: 'get',
      keys: [`${cache.path}::a`],
      error: {
        name: 'CacheError',
        code: 'ERR_CACHE_STORE',
        message: 'memory failed at get: connection reset',
      },
    })
    expect(event?.type === 'store-error' && event.error.cause).toBe(cause)
    expect(trace.types().filter(type => type === 'store-error')).toHaveLength(1)
  })

  it.each([['a string'], [undefined], [{ code: 7 }]])('may be no Error at all: %o', async thrown => {
    const { cache, store, trace } = faultyCache()
    store.get = () => Promise.reject(thrown)
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(trace.events[0]).toMatchObject({
      type: 'store-error',
      error: { code: 'ERR_CACHE_STORE', cause: thrown },
    })
  })

  it('in one slot of a multi-get leaves the others alone', async () => {
    const { cache, store, trace } = faultyCache()
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ])
    trace.events.length = 0
    const answer = store.getMany
    store.getMany = async keys => {
      const slots = await answer(keys)
      return slots.map((slot, index) => (index === 0 ? new Error('server 1 is down') : slot))
    }
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 2]]))
    expect(trace.lines('operation', 'keys', 'key')).toEqual([
      `store-error operation=getMany keys=[ '${cache.path}::a' ]`,
      'miss key=a',
      'hit key=b',
    ])
  })
})
