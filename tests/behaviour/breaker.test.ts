import { CacheError } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { faultyCache } from './faulty-cache.js'
import { settled } from './settled.js'

const breaker = { failures: 3, probeEvery: 500 }
const fourGets = async (cache: { get(key: string): Promise<unknown> }) => {
  for (let call = 0; call < 4; call++) await cache.get('a')
}

describe('The breaker', () => {
  it('opens after so many failures in a row, and then spares the store', async () => {
    const { cache, store, trace } = faultyCache({ breaker })
    store.fail()
    await fourGets(cache)
    expect(trace.lines('store', 'state')).toEqual([
      ...['store-error store=memory', 'miss', 'store-error store=memory', 'miss'],
      ...['breaker store=memory state=open', 'store-error store=memory', 'miss', 'miss'],
    ])
    expect(store.calls).toHaveLength(3)
  })

  it('opens after 5 failures by default', async () => {
    const { cache, store } = faultyCache()
    store.fail()
    await fourGets(cache)
    await fourGets(cache)
    expect(store.calls).toHaveLength(5)
  })

  it('counts calls that ran out of time', async () => {
    const { cache, clock, store, trace } = faultyCache({ breaker: { failures: 1 } })
    store.hang()
    const promise = cache.get('a')
    await clock.advance(200)
    await promise
    expect(trace.types()).toEqual(['breaker', 'store-error', 'miss'])
  })

  it('begins to count anew after a success', async () => {
    const { cache, store, trace } = faultyCache({ breaker })
    for (let round = 0; round < 3; round++) {
      store.fail(undefined, { times: 2 })
      await fourGets(cache)
    }
    expect(trace.types()).not.toContain('breaker')
  })

  it('does not count what the application asked for wrongly', async () => {
    const { cache, store, trace } = faultyCache({ breaker })
    store.fail(new CacheError('ERR_CACHE_TOO_LARGE', 'the value is too large'), 'set')
    for (let call = 0; call < 4; call++) expect(await cache.set('a', 1)).toBe(false)
    expect(trace.lines('reason')).toEqual(Array<string>(4).fill('not-stored reason=too-large'))
    expect(cache.stats().storeErrors).toBe(0)
  })

  it('lets every call answer at once while it is open, and loaders run', async () => {
    const { cache, clock, store, trace } = faultyCache({ breaker })
    store.hang()
    const opening = fourGets(cache)
    await clock.advance(600)
    await opening
    trace.events.length = 0
    const calls = store.calls.length
    const answers = Promise.all([
      cache.getOrSet('a', () => 'loaded'),
      cache.getMany(['a', 'b']),
      cache.set('a', 1),
      cache.delete('a'),
      cache.expire('a'),
      cache.clear(),
    ])
    const done = settled(answers)
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await answers).toEqual(['loaded', new Map(), false, false, false, false])
    expect(store.calls).toHaveLength(calls)
    const told = trace.lines('kind', 'delivered').filter(line => line.includes('delivered='))
    expect(told.toSorted()).toEqual([
      'clear delivered=false',
      'invalidate kind=delete delivered=false',
      'invalidate kind=expire delivered=false',
    ])
  })

  it('probes once per period, with a ping that no caller waits for', async () => {
    const { cache, clock, store } = faultyCache({ breaker })
    store.fail()
    await fourGets(cache)
    store.calls.length = 0
    await clock.advance(499)
    await fourGets(cache)
    expect(store.calls).toEqual([])
    await clock.advance(1)
    store.hang('ping')
    await fourGets(cache)
    expect(store.calls).toEqual([{ op: 'ping', keys: [] }])
    await clock.advance(500)
    await fourGets(cache)
    expect(store.calls).toHaveLength(2)
  })

  it('sends no second probe while one is under way', async () => {
    const { cache, clock, store } = faultyCache({ breaker, storeTimeout: '2s' })
    store.fail(undefined, { times: 3 })
    await fourGets(cache)
    store.calls.length = 0
    store.hang('ping')
    for (let period = 0; period < 3; period++) {
      await clock.advance(500)
      await fourGets(cache)
    }
    expect(store.calls).toHaveLength(1)
    await clock.advance(1_000)
    await fourGets(cache)
    expect(store.calls).toHaveLength(2)
  })

  it('closes after a probe that succeeded, and the store is used again', async () => {
    const { cache, clock, store, trace } = faultyCache({ breaker })
    store.fail()
    await fourGets(cache)
    store.heal()
    store.calls.length = 0
    trace.events.length = 0
    await clock.advance(500)
    expect(await cache.getOrSet('a', () => 'not stored')).toBe('not stored')
    await clock.advance(0)
    expect(trace.lines('state', 'reason')).toEqual([
      'breaker state=closed',
      'miss',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    await cache.getOrSet('a', () => 'stored')
    expect(await cache.get('a')).toBe('stored')
    expect(store.calls.map(({ op }) => op)).toEqual(['ping', 'get', 'add', 'replace', 'get'])
  })

  it('opens again when the store fails again', async () => {
    const { cache, clock, store, trace } = faultyCache({ breaker })
    store.fail(undefined, { times: 3 })
    await fourGets(cache)
    await clock.advance(500)
    await cache.get('a')
    await clock.advance(0)
    store.fail()
    await fourGets(cache)
    expect(trace.lines('state').filter(line => line.startsWith('breaker'))).toEqual([
      'breaker state=open',
      'breaker state=closed',
      'breaker state=open',
    ])
  })

  it('never opens when it is switched off', async () => {
    const { cache, store, trace } = faultyCache({ breaker: false })
    store.fail()
    for (let round = 0; round < 5; round++) await fourGets(cache)
    expect(store.calls).toHaveLength(20)
    expect(trace.types()).not.toContain('breaker')
  })

  it('is passed by ready', async () => {
    const { cache, store } = faultyCache({ breaker })
    store.fail(undefined, { ops: ['get'] })
    await fourGets(cache)
    expect(await cache.ready()).toBeUndefined()
  })

  it('counts calls that failed together once: they say the same of the store', async () => {
    const { cache, clock, store, trace } = faultyCache({ breaker })
    const lookups = await Promise.all(Array.from({ length: 20 }, (_, index) => cache.lookup(`k${index}`)))
    store.hang()
    for (let moment = 1; moment <= 3; moment++) {
      expect(trace.types()).not.toContain('breaker')
      // Conditional writes: nothing has to be sent again for them.
      const writes = lookups.map(({ version }, index) => cache.set(`k${index}`, 1, { ifVersion: version }))
      const together = Promise.all(writes)
      await clock.advance(200)
      expect(await together).not.toContain(true)
    }
    expect(cache.stats().storeErrors).toBe(60)
    expect(trace.types()).toContain('breaker')
  })
})
