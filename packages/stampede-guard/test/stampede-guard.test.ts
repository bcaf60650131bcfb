import type { Guard } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { memoryWorld } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { stampedeGuard } from '../src/index.js'

describe('stampedeGuard', () => {
  it('backs off, refreshes early, serves stale and shares by default', async () => {
    const held = heldLoad<string>()
    const { cache, clock, trace } = observedCache(lru, { guard: stampedeGuard(), ttl: 1_000, grace: 1_000 })
    const error = new Error('the database is down')
    await expect(cache.getOrSet('a', () => Promise.reject(error))).rejects.toBe(error)
    await expect(cache.getOrSet('a', held.load)).rejects.toBe(error)
    expect(trace.types()).toEqual(['miss', 'load-error', 'miss', 'load-refused'])
    await clock.advance(50)
    const calls = [cache.getOrSet('a', held.load), cache.getOrSet('a', held.load)]
    await clock.advance(100)
    held.finish('loaded')
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
    await clock.advance(931)
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 'early')).toBe('loaded')
    await clock.advance(0)
    await clock.advance(1_000)
    expect(await cache.getOrSet('a', () => 'new')).toBe('early')
    expect(trace.types().slice(0, 6)).toEqual(['hit', 'early-refresh', 'load', 'commit', 'miss', 'hit'])
    expect(held.calls).toBe(1)
  })

  it('has the options of its parts, and is asked about early refreshes, unless they are left out', () => {
    const names = (guard: Guard) => guard.options?.map(({ name }) => name)
    expect(names(stampedeGuard())).toEqual(['beta', 'softTimeout'])
    expect(stampedeGuard().shouldRefresh).toBeTypeOf('function')
    expect(names(stampedeGuard({ earlyRefresh: false }))).toEqual(['softTimeout'])
    expect(stampedeGuard({ earlyRefresh: false }).shouldRefresh).toBeUndefined()
    expect(names(stampedeGuard({ staleWhileRevalidate: false }))).toEqual(['beta'])
  })

  it.each([
    [undefined, 'waits for', ['miss', 'claim-wait'], 'theirs'],
    [false, 'does not heed', ['miss', 'load', 'not-stored'], 'own'],
  ] as const)('with claimed %s %s the load of another process', async (option, _, told, value) => {
    const { world } = memoryWorld()
    const guard = stampedeGuard({ claimed: option })
    const [here, there] = [world.open(memory, { guard }), world.open(memory, { guard })]
    const held = heldLoad<string>()
    const loading = there.cache.getOrSet('a', held.load)
    await held.begun
    const call = here.cache.getOrSet('a', () => 'own')
    await world.clock.advance(100)
    held.finish('theirs')
    await world.clock.advance(50)
    expect([await call, await loading]).toEqual([value, 'theirs'])
    expect(here.trace.types()).toEqual(told)
  })

  it('without backOff loads right after a failure, without staleWhileRevalidate lets callers wait', async () => {
    const guard = stampedeGuard({ backOff: false, staleWhileRevalidate: false })
    const { cache, clock, trace } = observedCache(lru, { guard, ttl: 1_000, grace: 1_000 })
    await cache.getOrSet('a', () => Promise.reject(new Error('down'))).catch(() => {})
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    await clock.advance(1_000)
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(trace.types()).not.toContain('load-refused')
  })

  it('shares loads whatever else is left out', async () => {
    const guard = stampedeGuard({
      backOff: false,
      earlyRefresh: false,
      staleWhileRevalidate: false,
      claimed: false,
    })
    const { cache, clock } = observedCache(lru, { guard })
    const held = heldLoad<string>()
    const calls = [cache.getOrSet('a', held.load), cache.getOrSet('a', held.load)]
    await clock.advance(0)
    held.finish('loaded')
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
    expect(held.calls).toBe(1)
  })

  it('hands the options of each part on', async () => {
    const guard = stampedeGuard({
      backOff: { initial: 10, max: 10 },
      earlyRefresh: { beta: 10 },
      staleWhileRevalidate: { softTimeout: 30 },
      limitLoads: { concurrency: 1, queue: 0 },
    })
    const { cache, clock, trace } = observedCache(lru, { guard, ttl: 10_000, grace: '1h' })
    const slowly = (ms: number, value: string) => () => clock.sleep(ms).then(() => value)

    const loading = cache.getOrSet('a', slowly(100, 'loaded'))
    await clock.advance(0)
    await expect(cache.getOrSet('b', () => 'refused')).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_LIMIT' })
    await clock.advance(100)
    await loading
    await clock.advance(10_000 - 693)
    await cache.getOrSet('a', slowly(0, 'early'))
    await clock.advance(1)
    expect(await cache.get('a')).toBe('early')

    await clock.advance(10_000)
    const served = [cache.getOrSet('a', slowly(31, 'new'))]
    await clock.advance(30)
    expect(await Promise.all(served)).toEqual(['early'])
    await clock.advance(1)

    await cache.getOrSet('c', () => Promise.reject(new Error('down'))).catch(() => {})
    await clock.advance(9)
    await expect(cache.getOrSet('c', () => 'too soon')).rejects.toThrow('down')
    await clock.advance(1)
    expect(await cache.getOrSet('c', () => 'recovered')).toBe('recovered')
    expect(trace.lines('cause').filter(line => line.startsWith('load-refused'))).toEqual([
      'load-refused cause=limit',
      'load-refused cause=back-off',
    ])
  })
})
