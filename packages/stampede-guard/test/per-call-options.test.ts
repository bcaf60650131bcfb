import { type Cache, type CacheOptions, isCacheError, type LoadContext } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { composeGuards, earlyRefresh, singleFlight, staleWhileRevalidate } from '../src/index.js'

const guard = composeGuards(
  earlyRefresh({ beta: 0 }),
  staleWhileRevalidate({ softTimeout: 10 }),
  singleFlight(),
)

type Ask = (cache: Cache, key: string, load: () => Promise<unknown>) => Promise<unknown>

const plainly: Ask = (cache, key, load) => cache.getOrSet(key, load)

/** Where an option can be set, each place with what was set further out; it is to be 40 in each. */
type Place = [string, Partial<CacheOptions>, (cache: Cache) => Cache, Ask]

function placesOf(name: 'softTimeout' | 'beta' | 'hardTimeout'): Place[] {
  const nested = (cache: Cache) => cache.namespace('n', { [name]: 20 }).namespace('m')
  return [
    ['the cache', { [name]: 40 }, cache => cache, plainly],
    ['a namespace', { [name]: 30 }, cache => cache.namespace('n', { [name]: 40 }), plainly],
    [
      'the namespace around it',
      { [name]: 30 },
      cache => cache.namespace('n', { [name]: 40 }).namespace('m'),
      plainly,
    ],
    ['a call', { [name]: 30 }, nested, (cache, key, load) => cache.getOrSet(key, load, { [name]: 40 })],
    [
      'a wrapped function',
      { [name]: 30 },
      nested,
      (cache, key, load) => cache.wrap(load, { key: () => key, [name]: 40 })(),
    ],
    [
      'the cache, where a call leaves it undefined',
      { [name]: 40 },
      cache => cache,
      (cache, key, load) => cache.getOrSet(key, load, { [name]: undefined }),
    ],
  ]
}

/** A view of a cache with a value that has just gone stale, and a loader that returns when the test says so. */
async function stale(backend: Backend, options: Partial<CacheOptions>, viewOf: (cache: Cache) => Cache) {
  const clock = new ManualClock()
  const { cache, trace } = observedCache(backend, { guard, ttl: 10_000, grace: '1h', ...options, clock })
  const view = viewOf(cache)
  await view.set('a', 'old')
  await clock.advance(10_000)
  trace.events.length = 0
  return { cache, view, clock, trace, held: heldLoad<unknown>() }
}

describe.each([lru, memory])('An option of a guard on $name', backend => {
  it.each(placesOf('softTimeout'))('softTimeout can be set on %s', async (_, options, viewOf, ask) => {
    const { view, clock, held } = await stale(backend, options, viewOf)
    const call = ask(view, 'a', held.load)
    const done = settled(call)
    await clock.advance(39)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await call).toBe('old')
    held.finish('new')
    await clock.advance(0)
    expect(await view.get('a')).toBe('new')
  })

  it('softTimeout is the guard’s where nobody sets it', async () => {
    const { view, clock, held } = await stale(backend, {}, cache => cache.namespace('n'))
    const done = settled(view.getOrSet('a', held.load))
    await clock.advance(9)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    held.finish('new')
  })

  it.each(placesOf('beta'))('beta can be set on %s', async (_, options, viewOf, ask) => {
    const { view, clock, trace } = await stale(backend, options, viewOf)
    await view.getOrSet('a', () => clock.advance(100).then(() => 'old'), { refresh: true })
    // 40 times the load time, times ln 2 by the clock's own draw of 0.5, are 2772 ms; with 30 it were 2079.
    await clock.advance(10_000 - 2_773)
    expect(await ask(view, 'a', async () => 'too early')).toBe('old')
    expect(trace.types()).not.toContain('early-refresh')
    await clock.advance(1)
    expect(await ask(view, 'a', async () => 'new')).toBe('old')
    await clock.advance(0)
    expect(trace.types()).toContain('early-refresh')
    expect(await view.get('a')).toBe('new')
  })

  it('beta is the guard’s where nobody sets it', async () => {
    const { view, clock, trace } = await stale(backend, {}, cache => cache.namespace('n'))
    await view.getOrSet('a', () => clock.advance(100).then(() => 'old'), { refresh: true })
    await clock.advance(9_999)
    expect(await view.getOrSet('a', () => 'new')).toBe('old')
    expect(trace.types()).not.toContain('early-refresh')
  })

  it.each(placesOf('hardTimeout'))('hardTimeout can be set on %s', async (_, options, viewOf, ask) => {
    const { view, clock, held } = await stale(backend, options, viewOf)
    const call = ask(view, 'absent', held.load).catch((error: unknown) => error)
    const done = settled(call)
    await clock.advance(39)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(await call).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
  })

  it('is each caller’s own where callers share a load', async () => {
    const { view, clock, held } = await stale(backend, { softTimeout: 300 }, cache => cache)
    const waits = [undefined, 50, 100, 200]
    const calls = waits.map(softTimeout => view.getOrSet('a', held.load, { softTimeout }))
    const done = calls.map(settled)
    const served: number[] = []
    for (let step = 0; step < 4; step++) {
      await clock.advance(50)
      served.push(done.filter(ask => ask()).length)
    }
    expect(served).toEqual([1, 2, 2, 3])
    held.finish('new')
    expect(await Promise.all(calls)).toEqual(['new', 'old', 'old', 'old'])
    expect(held.calls).toBe(1)
  })
})

/** What TypeScript would not let through. */
const wrong = (value: unknown) => value as never

async function refusal(call: () => unknown): Promise<string> {
  let how = 'throws'
  try {
    const answer = call()
    how = 'rejects'
    await answer
    return 'takes it'
  } catch (error) {
    return isCacheError(error) ? `${how} ${error.code}: ${error.message}` : `${how} ${error}`
  }
}

describe.each([lru, memory])('A bad option of a guard on $name', backend => {
  it('is refused wherever it is set, and nothing is loaded', async () => {
    const { cache, view } = await stale(backend, {}, cache => cache.namespace('n'))
    const load = vi.fn((_: LoadContext) => 'loaded')
    const soft = (softTimeout: unknown) => ({ softTimeout: wrong(softTimeout) })
    const refusals: Record<string, string> = {}
    for (const [name, call] of Object.entries({
      'on a call, softTimeout': () => view.getOrSet('a', load, soft('soon')),
      'on a call, beta': () => view.getOrSet('a', load, { beta: -1 }),
      'on a call, another name': () => view.getOrSet('a', load, wrong({ sofTimeout: 5 })),
      'on a namespace, softTimeout': () => cache.namespace('m', soft(-1)),
      'on a namespace, beta': () => cache.namespace('m', { beta: wrong('1') }),
      'on a wrapped function, softTimeout': () => cache.wrap(load, { key: 'k', ...soft(null) }),
      'on a wrapped function, beta': () => cache.wrap(load, { key: 'k', beta: Number.NaN }),
      'on a cache, softTimeout': () => observedCache(backend, { guard, ...soft('1y') }),
      'on a cache, beta': () => observedCache(backend, { guard, beta: Number.POSITIVE_INFINITY }),
      'without the guard, on a cache': () => observedCache(backend, { softTimeout: 5 }),
      'without the guard, on a call': () => observedCache(backend).cache.getOrSet('a', load, { beta: 1 }),
      'with a guard that has another, on a call': () =>
        observedCache(backend, { guard: earlyRefresh() }).cache.getOrSet('a', load, soft(5)),
      'on a set': () => view.set('a', 1, wrong({ softTimeout: 5 })),
      'on a set, beta': () => view.set('a', 1, wrong({ beta: 1 })),
      'on a read': () => view.get('a', wrong({ softTimeout: 5 })),
    })) {
      refusals[name] = await refusal(call)
    }
    expect(refusals).toMatchInlineSnapshot(`
      {
        "on a cache, beta": "throws ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received Infinity",
        "on a cache, softTimeout": "throws ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '1y'",
        "on a call, another name": "rejects ERR_CACHE_OPTION: unknown option 'sofTimeout' of getOrSet; did you mean 'softTimeout'? Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil, beta, softTimeout",
        "on a call, beta": "rejects ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received -1",
        "on a call, softTimeout": "rejects ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'soon'",
        "on a namespace, beta": "throws ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received '1'",
        "on a namespace, softTimeout": "throws ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "on a read": "rejects ERR_CACHE_OPTION: unknown option 'softTimeout' of a read. Known: schema, version, tags",
        "on a set": "rejects ERR_CACHE_OPTION: unknown option 'softTimeout' of set. Known: ttl, grace, negativeTtl, jitter, version, schema, tags, ifVersion",
        "on a set, beta": "rejects ERR_CACHE_OPTION: unknown option 'beta' of set. Known: ttl, grace, negativeTtl, jitter, version, schema, tags, ifVersion",
        "on a wrapped function, beta": "throws ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received NaN",
        "on a wrapped function, softTimeout": "throws ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received null",
        "with a guard that has another, on a call": "rejects ERR_CACHE_OPTION: unknown option 'softTimeout' of getOrSet. Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil, beta",
        "without the guard, on a cache": "throws ERR_CACHE_OPTION: unknown option 'softTimeout' of createCache; did you mean 'storeTimeout'? Known: store, guard, namespaces, prefix, clone, claimTtl, storeTimeout, breaker, bus, maxLocalStaleness, onUndelivered, waitUntil, clock, ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, codec, compression",
        "without the guard, on a call": "rejects ERR_CACHE_OPTION: unknown option 'beta' of getOrSet. Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil",
      }
    `)
    expect(load).not.toHaveBeenCalled()
  })

  it('of beta is refused where the value is fresh, too', async () => {
    const { view } = await stale(backend, {}, cache => cache)
    await view.set('a', 'fresh')
    expect(await view.getOrSet('a', () => 'unasked', { beta: 1 })).toBe('fresh')
    await expect(view.getOrSet('a', () => 'unasked', { beta: -1 })).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
    })
  })
})
