import type { LoadContext } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, earlyRefresh, singleFlight, staleWhileRevalidate } from '../src/index.js'

/** The largest number that `random` can return: 1 minus the last of 53 bits. */
const LARGEST = 1 - 2 ** -53

const guard = composeGuards(earlyRefresh(), singleFlight(), claimed())

/** A cache with a value whose load took 100 ms, `left` ms before it expires, and chance in the test's hands. */
async function dueIn(left: number, backend: Backend, options: Parameters<typeof observedCache>[1] = {}) {
  const chance = { next: 0.5, draws: 0 }
  const clock = new ManualClock({
    random() {
      chance.draws++
      return chance.next
    },
  })
  const observed = observedCache(backend, { guard, ttl: 10_000, ...options, clock })
  const loading = observed.cache.getOrSet('a', () => clock.sleep(100).then(() => 'old'))
  await clock.advance(100)
  await loading
  await clock.advance(10_000 - left)
  observed.trace.events.length = 0
  chance.draws = 0
  const held = heldLoad<string>()
  return { ...observed, clock, chance, held, load: vi.fn((_: LoadContext) => held.load()) }
}

describe.each([lru, memory])('earlyRefresh on $name', backend => {
  it('serves the caller at once, refreshes in the background and stores the value', async () => {
    const { cache, clock, trace, chance, held, load } = await dueIn(69, backend)
    const call = cache.getOrSet('a', load)
    const done = settled(call)
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await call).toBe('old')
    expect(load.mock.calls[0]?.[0]).toMatchObject({ background: true, previous: 'old' })
    expect(chance.draws).toBe(1)
    held.finish('new')
    await clock.advance(0)
    chance.next = 0
    expect(await cache.getOrSet('a', load)).toBe('new')
    expect(trace.lines('tier', 'stale', 'reason')).toEqual([
      `hit tier=${backend.kind} stale=false`,
      'early-refresh',
      'load reason=early',
      'commit',
      `hit tier=${backend.kind} stale=false`,
    ])
    expect(cache.stats()).toMatchObject({ misses: 1, staleHits: 0, hits: { [backend.kind]: 2 } })
  })

  it('leaves a value alone whose draw does not reach its expiry', async () => {
    const { cache, chance, trace, load } = await dueIn(70, backend)
    expect(await cache.getOrSet('a', load)).toBe('old')
    expect(chance.draws).toBe(1)
    expect(load).not.toHaveBeenCalled()
    expect(trace.types()).toEqual(['hit'])
  })

  it('draws no random number far from expiry, nor for reads that load nothing', async () => {
    const { cache, chance, clock, load } = await dueIn(3_674, backend)
    chance.next = LARGEST
    expect(await cache.getOrSet('a', load)).toBe('old')
    expect(chance.draws).toBe(0)
    await clock.advance(3_673)
    expect([await cache.get('a'), (await cache.lookup('a')).state]).toEqual(['old', 'fresh'])
    expect(chance.draws).toBe(0)
    expect(load).not.toHaveBeenCalled()
  })

  it('refreshes once for a hundred callers of one moment, and serves them all at once', async () => {
    const { cache, clock, trace, held, load } = await dueIn(60, backend)
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('a', load))
    expect(await Promise.all(calls)).toEqual(Array(100).fill('old'))
    await clock.advance(10)
    expect(await cache.getOrSet('a', load)).toBe('old')
    expect(load).toHaveBeenCalledTimes(1)
    expect(trace.types().filter(type => type === 'early-refresh')).toHaveLength(1)
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('refreshes once for callers who share nothing, by the claim alone', async () => {
    const { cache, clock, held, load } = await dueIn(60, backend, { guard: earlyRefresh() })
    const calls = Array.from({ length: 5 }, () => cache.getOrSet('a', load))
    expect(await Promise.all(calls)).toEqual(Array(5).fill('old'))
    await clock.advance(10)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await clock.advance(0)
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('lets a refresh that fails do no harm: an event tells, and the value stays until it expires', async () => {
    const { cache, clock, trace, chance } = await dueIn(60, backend)
    const error = new Error('the database is down')
    expect(await cache.getOrSet('a', () => Promise.reject(error))).toBe('old')
    await clock.advance(0)
    expect(trace.events.slice(1)).toEqual([
      { type: 'early-refresh', key: 'a' },
      { type: 'load-error', key: 'a', reason: 'early', error },
      { type: 'background-error', key: 'a', error },
    ])
    chance.next = 0
    expect(await cache.getOrSet('a', () => 'unasked')).toBe('old')
    chance.next = LARGEST
    await cache.getOrSet('a', () => 'new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('lets a refresh go on after the value has expired: who asks then shares it', async () => {
    const { cache, clock, held, load } = await dueIn(60, backend)
    expect(await cache.getOrSet('a', load)).toBe('old')
    await clock.advance(60)
    const waiting = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    const done = settled(Promise.race(waiting))
    await clock.advance(6_000)
    expect(done()).toBe(false)
    held.finish('new')
    expect(await Promise.all(waiting)).toEqual(['new', 'new'])
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.get('a')).toBe('new')
  })

  it('lets no one wait who finds the value due while somebody forces a refresh of it', async () => {
    const { cache, clock, held, load } = await dueIn(60, backend)
    const forced = cache.getOrSet('a', load, { refresh: true })
    await held.begun
    const call = cache.getOrSet('a', load)
    const done = settled(call)
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(await call).toBe('old')
    held.finish('new')
    expect(await forced).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('waits for no softTimeout: the value that is there is fresh', async () => {
    const patient = composeGuards(earlyRefresh(), staleWhileRevalidate({ softTimeout: '1m' }), singleFlight())
    const { cache, clock, held, load } = await dueIn(60, backend, { guard: patient })
    const calls = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    const done = settled(Promise.all(calls))
    await clock.advance(0)
    expect(done()).toBe(true)
    expect(load).toHaveBeenCalledTimes(1)
    held.finish('new')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('new')
  })

  it('aborts a refresh at its hardTimeout, and has close() abort it after 5 seconds', async () => {
    const { cache, clock, trace, load } = await dueIn(60, backend)
    const signals = () => load.mock.calls.map(([{ signal }]) => signal)
    await cache.getOrSet('a', load, { hardTimeout: 20 })
    await clock.advance(20)
    expect(signals()[0]?.reason).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(trace.types()).toEqual(['hit', 'early-refresh', 'load-error', 'background-error'])
    await cache.getOrSet('a', load)
    await clock.advance(0)
    const closed = settled(cache.close())
    await clock.advance(4_999)
    expect([closed(), signals()[1]?.aborted]).toEqual([false, false])
    await clock.advance(1)
    expect(signals()[1]?.reason).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect(closed()).toBe(true)
  })

  it.each(['delete', 'expire', 'set'] as const)('stores nothing after %s() of the key', async how => {
    const { cache, clock, trace, held, load } = await dueIn(60, backend, { grace: '1h' })
    await cache.getOrSet('a', load)
    await held.begun
    await (how === 'set' ? cache.set('a', 'set') : cache[how]('a'))
    held.finish('older')
    await clock.advance(0)
    expect(trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    const left = { delete: undefined, expire: 'old', set: 'set' }[how]
    const found = await cache.lookup('a')
    expect(found.state === 'miss' ? undefined : found.value).toBe(left)
    expect(found.state).toBe({ delete: 'miss', expire: 'stale', set: 'fresh' }[how])
  })
})
