import type { LoadContext, WaitUntil } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { stampedeGuard } from '../src/index.js'

/** A runtime that is told of work, and knows whether that is over and whether any was rejected. */
function runtime() {
  const given: Promise<unknown>[] = []
  const over: (() => boolean)[] = []
  const rejected = vi.fn()
  const waitUntil: WaitUntil = work => {
    given.push(work)
    over.push(settled(work))
    work.catch(rejected)
  }
  return { waitUntil, given, over: () => over.map(ask => ask()), rejected }
}

/** A cache with a stale value, and a loader that returns when the test says so. */
async function stale(backend: Backend, options: Parameters<typeof observedCache>[1] = {}) {
  const observed = observedCache(backend, { guard: stampedeGuard(), ttl: 1_000, grace: '1h', ...options })
  await observed.cache.set('a', 'old')
  await observed.clock.advance(1_000)
  observed.trace.events.length = 0
  const held = heldLoad<string>()
  return { ...observed, held, load: vi.fn((_: LoadContext) => held.load()) }
}

describe.each([lru, memory])('waitUntil of a cache on $name', backend => {
  it('is told of each refresh in the background, until that is over', async () => {
    const { waitUntil, given, over, rejected } = runtime()
    const { cache, clock, held, load } = await stale(backend, { waitUntil })
    expect(await cache.getOrSet('a', load)).toBe('old')
    expect(given).toHaveLength(1)
    await clock.advance(500)
    expect(over()).toEqual([false])
    held.finish('new')
    await clock.advance(0)
    expect(over()).toEqual([true])
    expect(await cache.get('a')).toBe('new')
    expect(rejected).not.toHaveBeenCalled()
  })

  it('is told of nothing that callers wait for', async () => {
    const { waitUntil, given } = runtime()
    const { cache, clock, held, load } = await stale(backend, { waitUntil })
    const calls = [cache.getOrSet('b', load), cache.getOrSet('a', load, { softTimeout: 100 })]
    await clock.advance(99)
    held.finish('loaded')
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
    await cache.getOrSet('a', load)
    expect(given).toEqual([])
  })

  it('is given no promise that rejects, when the load fails and when it takes too long', async () => {
    const { waitUntil, over, rejected } = runtime()
    const { cache, clock, trace, load } = await stale(backend, { waitUntil })
    await cache.getOrSet('a', () => Promise.reject(new Error('the database is down')))
    await clock.advance(100)
    await cache.getOrSet('a', load, { hardTimeout: 1_000 })
    await clock.advance(1_000)
    expect(trace.types().filter(type => type === 'background-error')).toHaveLength(2)
    expect(over().length).toBeGreaterThanOrEqual(2)
    expect(over()).not.toContain(false)
    expect(rejected).not.toHaveBeenCalled()
  })

  it('is told of the refreshes of wrapped functions', async () => {
    const { waitUntil, over } = runtime()
    const { cache, clock, held } = await stale(backend, { waitUntil })
    const wrapped = cache.wrap((_: string) => held.load(), { key: name => name })
    expect(await wrapped('a')).toBe('old')
    await clock.advance(0)
    expect(over()).toEqual([false])
    held.finish('new')
    await clock.advance(0)
    expect(over()).toEqual([true])
  })

  it('that throws is told as an event, and harms neither the caller nor the refresh', async () => {
    const error = new Error('the response was sent already')
    const { cache, clock, trace } = await stale(backend, {
      waitUntil() {
        throw error
      },
    })
    expect(await cache.getOrSet('a', () => 'new')).toBe('old')
    await clock.advance(0)
    expect(trace.events).toContainEqual({ type: 'background-error', key: 'a', error })
    expect(await cache.get('a')).toBe('new')
  })
})

describe.each([lru, memory])('waitUntil of a call on $name', backend => {
  it('is told of the refresh that the call began, until nothing of it is left', async () => {
    const { waitUntil, given, over } = runtime()
    const { cache, clock, held, load } = await stale(backend)
    expect(await cache.getOrSet('a', load, { waitUntil })).toBe('old')
    expect(given).toHaveLength(1)
    await clock.advance(500)
    expect(over()).toEqual([false])
    held.finish('new')
    await given[0]
    expect(await cache.get('a')).toBe('new')
  })

  it('is told of a refresh that the call shares, whether it began the same moment or long ago', async () => {
    const [first, second, third] = [runtime(), runtime(), runtime()]
    const { cache, clock, held, load } = await stale(backend)
    await Promise.all([first, second].map(({ waitUntil }) => cache.getOrSet('a', load, { waitUntil })))
    await clock.advance(500)
    expect(await cache.getOrSet('a', load, { waitUntil: third.waitUntil })).toBe('old')
    const over = () => [first, second, third].map(one => one.over())
    expect(over()).toEqual([[false], [false], [false]])
    held.finish('new')
    await clock.advance(0)
    expect(over()).toEqual([[true], [true], [true]])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('is told once the soft timeout has let the call go, and not before', async () => {
    const { waitUntil, given, over } = runtime()
    const { cache, clock, held, load } = await stale(backend)
    const call = cache.getOrSet('a', load, { waitUntil, softTimeout: 100 })
    await clock.advance(99)
    expect(given).toEqual([])
    await clock.advance(1)
    expect(await call).toBe('old')
    expect(over()).toEqual([false])
    held.finish('new')
    await clock.advance(0)
    expect(over()).toEqual([true])
  })

  it('is told of an early refresh', async () => {
    const { waitUntil, over } = runtime()
    const { cache, clock, trace, held, load } = await stale(backend)
    const loading = cache.getOrSet('b', () => clock.sleep(100).then(() => 'old'))
    await clock.advance(100)
    await loading
    await clock.advance(950)
    trace.events.length = 0
    expect(await cache.getOrSet('b', load, { waitUntil })).toBe('old')
    expect(trace.types()).toContain('early-refresh')
    await clock.advance(0)
    expect(over()).toEqual([false])
    held.finish('new')
    await clock.advance(0)
    expect(over()).toEqual([true])
  })

  it('is told of nothing when there is nothing left to do', async () => {
    const { waitUntil, given } = runtime()
    const { cache } = await stale(backend)
    expect(await cache.getOrSet('b', () => 'loaded', { waitUntil })).toBe('loaded')
    expect(await cache.getOrSet('b', () => 'loaded', { waitUntil })).toBe('loaded')
    await expect(
      cache.getOrSet('c', () => Promise.reject(new Error('down')), { waitUntil }),
    ).rejects.toThrow()
    expect(given).toEqual([])
  })

  it('is told besides that of the cache, and takes its place nowhere else', async () => {
    const [ofCache, ofCall] = [runtime(), runtime()]
    const { cache, clock, held, load } = await stale(backend, { waitUntil: ofCache.waitUntil })
    await cache.getOrSet('a', load, { waitUntil: ofCall.waitUntil })
    expect([ofCache.over(), ofCall.over()]).toEqual([[false], [false]])
    await cache.getOrSet('a', load)
    expect(ofCall.given).toHaveLength(1)
    held.finish('new')
    await clock.advance(0)
    expect([ofCache.over(), ofCall.over()].flat()).not.toContain(false)
  })

  it('is given no promise that rejects, by those who began the load and by those who share it', async () => {
    const [first, second] = [runtime(), runtime()]
    const { cache, clock, held, load } = await stale(backend)
    await cache.getOrSet('a', load, { waitUntil: first.waitUntil })
    await cache.getOrSet('a', load, { waitUntil: second.waitUntil })
    held.fail(new Error('the database is down'))
    await clock.advance(0)
    expect([first.over(), second.over()]).toEqual([[true], [true]])
    expect([first.rejected, second.rejected].map(({ mock }) => mock.calls)).toEqual([[], []])
  })

  it('that throws is told as an event, and harms neither the call nor the refresh', async () => {
    const error = new Error('the response was sent already')
    const waitUntil = () => {
      throw error
    }
    const { cache, clock, trace, held, load } = await stale(backend)
    expect(await cache.getOrSet('a', load, { waitUntil })).toBe('old')
    expect(await cache.getOrSet('a', load, { waitUntil })).toBe('old')
    expect(trace.events.filter(({ type }) => type === 'background-error')).toEqual(
      Array(2).fill({ type: 'background-error', key: 'a', error }),
    )
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })
})
