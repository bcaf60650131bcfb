import { describe, expect, it } from 'vitest'
import { operations } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { singleFlight } from '../src/index.js'
import { limited } from './limited.js'

const KEYS = Array.from({ length: 20 }, (_, index) => `key ${index}`)

describe('Loads under a limit', () => {
  it.each([1, 3, 20])('are never more than %i at once, and as many as that', async concurrency => {
    const { cache, clock, database } = limited({ concurrency })
    const calls = KEYS.map(key => cache.getOrSet(key, database.query))
    for (let round = 1; round <= 20 / concurrency; round++) {
      await clock.advance(99)
      expect(database.asked).toHaveLength(round * concurrency)
      expect(database.running).toBe(concurrency)
      await clock.advance(1)
    }
    await clock.advance(100)
    expect(await Promise.all(calls)).toEqual(KEYS.map(key => `row ${key}`))
    expect(database.most).toBe(concurrency)
  })

  it('run in the order in which they were asked for', async () => {
    const { cache, clock, database } = limited({ concurrency: 1 })
    const keys = ['c', 'a', 'd', 'b']
    const calls: Promise<string>[] = []
    for (const key of keys) {
      calls.push(cache.getOrSet(key, database.query))
      await clock.advance(10)
    }
    await clock.advance(400)
    await Promise.all(calls)
    expect(database.asked).toEqual(keys)
  })

  it('take one place however many callers share them', async () => {
    const { cache, clock, database } = limited({ concurrency: 2, queue: 0 })
    const calls = ['a', 'b'].flatMap(key =>
      Array.from({ length: 10 }, () => cache.getOrSet(key, database.query)),
    )
    await clock.advance(100)
    await Promise.all(calls)
    expect(database.asked).toEqual(['a', 'b'])
  })

  it('share one limit over all namespaces, and over the caches that have the same guard', async () => {
    const { cache, open, clock, database } = limited({ concurrency: 2 })
    const places = [cache, cache.namespace('one'), cache.namespace('two'), open().cache]
    const calls = places.map((place, index) => place.getOrSet(`key ${index}`, database.query))
    await clock.advance(200)
    await Promise.all(calls)
    expect([database.asked.length, database.most]).toEqual([4, 2])
  })

  it('have a limit for each namespace where they are told so', async () => {
    const { cache, clock, database } = limited({ concurrency: 1, queue: 1, per: 'namespace' })
    const namespaces = [cache, cache.namespace('one'), cache.namespace('one').namespace('two')]
    const calls = namespaces.flatMap(place => ['a', 'b'].map(key => place.getOrSet(key, database.query)))
    await clock.advance(0)
    await expect(cache.namespace('one').getOrSet('c', database.query)).rejects.toMatchObject({
      code: 'ERR_CACHE_LOAD_LIMIT',
    })
    expect(database.asked).toEqual(['a', 'a', 'a'])
    await clock.advance(200)
    await Promise.all(calls)
    expect(database.asked).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
  })
})

describe('A full line', () => {
  it.each([
    [{ concurrency: 2, queue: 3 }, 5],
    [{ concurrency: 1, queue: 0 }, 1],
    [{ concurrency: 1 }, 1_001],
  ])('rejects whoever comes after it: %o', async (options, fitting) => {
    const { cache, trace, clock } = limited(options)
    const held = heldLoad<string>()
    const calls = Array.from({ length: fitting }, (_, index) => cache.getOrSet(`key ${index}`, held.load))
    await clock.advance(0)
    await expect(cache.getOrSet('one more', held.load)).rejects.toMatchObject({
      code: 'ERR_CACHE_LOAD_LIMIT',
      name: 'CacheError',
    })
    expect(held.calls).toBe(options.concurrency)
    held.finish('row')
    expect(await Promise.all(calls)).toEqual(Array(fitting).fill('row'))
    expect(held.calls).toBe(fitting)
    expect(trace.lines('key', 'cause').filter(line => line.startsWith('load-'))).toEqual([
      'load-refused key=one more cause=limit',
    ])
  })

  it('tells what to do about it', async () => {
    const { cache, clock, database } = limited({ concurrency: 1, queue: 1 })
    const calls = ['a', 'b'].map(key => cache.getOrSet(key, database.query))
    await clock.advance(0)
    const { message } = await cache.getOrSet('c', database.query).catch(error => error)
    expect(message).toMatchInlineSnapshot(
      `"'c' can't be loaded now: 1 loads run and 1 wait, which is the limit; retry later, raise limitLoads' concurrency or queue, or set grace so that a stale value is served"`,
    )
    await clock.advance(200)
    await Promise.all(calls)
  })

  it('is none without an end', async () => {
    const { cache, clock } = limited({ concurrency: 1, queue: Number.POSITIVE_INFINITY })
    const held = heldLoad<string>()
    const calls = Array.from({ length: 1_500 }, (_, index) => cache.getOrSet(`key ${index}`, held.load))
    await clock.advance(0)
    expect(held.calls).toBe(1)
    held.finish('row')
    expect(await Promise.all(calls)).toEqual(Array(1_500).fill('row'))
  })

  it('serves the stale value within grace', async () => {
    const { cache, trace, clock, database } = limited(
      { concurrency: 1, queue: 0 },
      { ttl: '1m', grace: '1h' },
    )
    await cache.set('b', 'old')
    await clock.advance(60_000)
    const loading = cache.getOrSet('a', database.query)
    await clock.advance(0)
    trace.events.length = 0
    expect(await cache.getOrSet('b', database.query)).toBe('old')
    expect(trace.lines('cause', 'stale')).toEqual([
      'miss stale=true',
      'load-refused cause=limit',
      'hit stale=true',
    ])
    await clock.advance(100)
    await loading
    expect(database.asked).toEqual(['a'])
  })
})

describe('Who waits in line', () => {
  it('and leaves makes room for another, and is never loaded for', async () => {
    const { cache, clock, database } = limited({ concurrency: 1, queue: 1 })
    const first = cache.getOrSet('a', database.query)
    await clock.advance(10)
    const leaving = new AbortController()
    const left = cache.getOrSet('b', database.query, { signal: leaving.signal }).catch(String)
    await clock.advance(10)
    leaving.abort('gone')
    expect(await left).toBe('gone')
    await clock.advance(0)
    const next = cache.getOrSet('c', database.query)
    await clock.advance(200)
    expect(await Promise.all([first, next])).toEqual(['row a', 'row c'])
    expect(database.asked).toEqual(['a', 'c'])
  })

  it('until the hardTimeout is rejected by it, and makes room for another', async () => {
    const { cache, clock, database } = limited({ concurrency: 1, queue: 1 })
    const first = cache.getOrSet('a', database.query)
    const late = cache.getOrSet('b', database.query, { hardTimeout: 50 }).catch(({ code }) => code)
    await clock.advance(50)
    expect(await late).toBe('ERR_CACHE_LOAD_TIMEOUT')
    const next = cache.getOrSet('c', database.query)
    await clock.advance(150)
    expect(await Promise.all([first, next])).toEqual(['row a', 'row c'])
    expect(database.asked).toEqual(['a', 'c'])
  })

  it('holds no claim: another process loads meanwhile, and its value is taken without a load', async () => {
    const { cache, store, server, open, clock, database } = limited({ concurrency: 1 })
    const first = cache.getOrSet('a', database.query)
    await clock.advance(0)
    const waiting = cache.getOrSet('b', database.query)
    await clock.advance(50)
    expect(server.keys().filter(key => key.endsWith(':b'))).toEqual([])
    expect(operations(store).filter(op => op === 'add')).toHaveLength(1)
    const other = open({ guard: singleFlight() })
    expect(await other.cache.getOrSet('b', () => 'from elsewhere')).toBe('from elsewhere')
    await clock.advance(50)
    expect(await Promise.all([first, waiting])).toEqual(['row a', 'from elsewhere'])
    expect(database.asked).toEqual(['a'])
  })
})
