import { getEventListeners } from 'node:events'
import type { CacheError, LoadContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, lru, memory } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { singleFlight } from '../src/index.js'

/** A cache whose callers share loads, and a loader that returns when the test says so. */
function sharing(backend: Backend, options: Parameters<typeof observedCache>[1] = {}) {
  const held = heldLoad<unknown>()
  const load = vi.fn((_: LoadContext) => held.load())
  return { ...observedCache(backend, { guard: singleFlight(), ...options }), held, load }
}

describe.each([lru, memory])('singleFlight on $name', backend => {
  it('runs one load for a hundred callers of one moment, who all get its value', async () => {
    const { cache, clock, trace, held, load } = sharing(backend)
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('a', load))
    await clock.advance(0)
    const value = { id: 1 }
    held.finish(value)
    expect(new Set(await Promise.all(calls))).toEqual(new Set([value]))
    expect(load).toHaveBeenCalledTimes(1)
    expect(trace.types()).toEqual([...Array(100).fill('miss'), 'load', 'commit'])
    expect(cache.stats()).toMatchObject({ misses: 100, loads: 1, sharedLoads: 99, commits: 1 })
  })

  it('lets callers in for as long as the load runs', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const calls = [cache.getOrSet('a', load)]
    await held.begun
    for (let caller = 2; caller <= 5; caller++) {
      await clock.advance(500)
      calls.push(cache.getOrSet('a', load))
    }
    await clock.advance(0)
    held.finish('loaded')
    expect(await Promise.all(calls)).toEqual(Array(5).fill('loaded'))
    expect(load).toHaveBeenCalledTimes(1)
    expect(cache.stats().sharedLoads).toBe(4)
  })

  it('shares a rejection as the very same error, and keeps nothing of it', async () => {
    const { cache, clock, trace, held, load } = sharing(backend)
    const early = Array.from({ length: 3 }, () => cache.getOrSet('a', load).catch((error: unknown) => error))
    await held.begun
    const late = cache.getOrSet('a', load).catch((error: unknown) => error)
    await clock.advance(0)
    const error = new Error('the database is down')
    held.fail(error)
    const rejections = await Promise.all([...early, late])
    expect(rejections.every(rejection => rejection === error)).toBe(true)
    expect(rejections).toHaveLength(4)
    expect(trace.types().filter(type => type === 'load-error')).toHaveLength(1)
    expect(await cache.getOrSet('a', () => 'recovered')).toBe('recovered')
    expect(await cache.get('a')).toBe('recovered')
  })

  it.each(['first', 'second'] as const)(
    'frees a caller by its signal alone: the %s one to come leaves, the other is served',
    async leaving => {
      const { cache, clock, held, load } = sharing(backend)
      const caller = new AbortController()
      const options = (who: 'first' | 'second') => (who === leaving ? { signal: caller.signal } : {})
      const first = cache.getOrSet('a', load, options('first'))
      await held.begun
      const second = cache.getOrSet('a', load, options('second'))
      await clock.advance(0)
      const [left, stays] = leaving === 'first' ? [first, second] : [second, first]
      const reason = new Error('the request was cancelled')
      const freed = expect(left).rejects.toBe(reason)
      const done = settled(stays)
      caller.abort(reason)
      await freed
      await clock.advance(0)
      expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
      expect(done()).toBe(false)
      held.finish('loaded')
      expect(await stays).toBe('loaded')
      expect(await cache.get('a')).toBe('loaded')
      expect(load).toHaveBeenCalledTimes(1)
    },
  )

  it('aborts the loader’s signal when the last caller has left, and loads anew for the next', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const callers = Array.from({ length: 3 }, () => new AbortController())
    const calls = callers.map(({ signal }) => cache.getOrSet('a', load, { signal }).catch(() => 'left'))
    await held.begun
    const loaderSignal = load.mock.calls[0]?.[0].signal as AbortSignal
    for (const caller of callers) {
      expect(loaderSignal.aborted).toBe(false)
      caller.abort()
      await clock.advance(0)
    }
    expect(loaderSignal.reason).toMatchObject({ name: 'AbortError' })
    expect(await Promise.all(calls)).toEqual(['left', 'left', 'left'])
    expect(callers.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([])
    expect(await cache.getOrSet('a', () => 'loaded anew')).toBe('loaded anew')
    expect(await cache.get('a')).toBe('loaded anew')
  })

  it('shares a flight between getOrSet and wrap, whoever comes first', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const find = vi.fn((id: number) => `wrapped ${id}`)
    const wrapped = cache.wrap(find, { key: id => `row:${id}` })
    const slow = heldLoad<string>()
    const slowly = cache.wrap((_: number) => slow.load(), { key: id => `slow:${id}` })
    const byHand = cache.getOrSet(wrapped.key(1), load)
    const byWrapped = slowly(2)
    await Promise.all([held.begun, slow.begun])
    const sharing1 = wrapped(1)
    const sharing2 = cache.getOrSet(slowly.key(2), load)
    await clock.advance(0)
    held.finish('by hand')
    slow.finish('by wrapped')
    expect(await Promise.all([byHand, sharing1])).toEqual(['by hand', 'by hand'])
    expect(await Promise.all([byWrapped, sharing2])).toEqual(['by wrapped', 'by wrapped'])
    expect(find).not.toHaveBeenCalled()
    expect(load).toHaveBeenCalledTimes(1)
    expect(slow.calls).toBe(1)
  })

  it('keeps keys and namespaces apart', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const calls = [cache, cache.namespace('n')].flatMap(view =>
      ['a', 'b'].map(key => view.getOrSet(key, load)),
    )
    await clock.advance(0)
    expect(load).toHaveBeenCalledTimes(4)
    held.finish('loaded')
    await Promise.all(calls)
    expect(cache.stats().sharedLoads).toBe(0)
  })

  it.each(['delete', 'expire'] as const)('lets nobody in after %s() of the key', async how => {
    const { cache, clock, held, load } = sharing(backend, { ttl: 1_000, grace: '1h' })
    await cache.set('a', 'older')
    await clock.advance(1_000)
    const before = cache.getOrSet('a', load)
    await held.begun
    await cache[how]('a')
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    held.finish('old')
    expect(await before).toBe('old')
    expect(await cache.get('a')).toBe('new')
    expect(cache.stats().sharedLoads).toBe(0)
  })

  it('shares a forced refresh with those that came before its load, and no other load with it', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const forced = ['forced', 'forced too'].map(value => cache.getOrSet('a', () => value, { refresh: true }))
    expect(await Promise.all(forced)).toEqual(['forced', 'forced'])
    await cache.delete('a')
    const ordinary = cache.getOrSet('a', load)
    await held.begun
    expect(await cache.getOrSet('a', () => 'forced again', { refresh: true })).toBe('forced again')
    held.finish('ordinary')
    await ordinary
    await clock.advance(0)
    expect(await cache.get('a')).toBe('forced again')
  })

  it('loads anew for who has more time than the call that loads', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const hurried = cache.getOrSet('a', load, { hardTimeout: 100 }).catch(({ code }) => code)
    await held.begun
    const patient = cache.getOrSet('a', load)
    await clock.advance(100)
    expect(await hurried).toBe('ERR_CACHE_LOAD_TIMEOUT')
    await clock.advance(0)
    expect(load).toHaveBeenCalledTimes(2)
    held.finish('in time')
    expect(await patient).toBe('in time')
  })

  it('rejects all who wait at the hardTimeout of the call that loads', async () => {
    const { cache, clock, held, load } = sharing(backend, { hardTimeout: 1_000 })
    const starter = cache.getOrSet('a', load).catch((error: unknown) => error)
    await held.begun
    const joiner = cache.getOrSet('a', load).catch((error: unknown) => error)
    const done = settled(joiner)
    await clock.advance(999)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(await joiner).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' } satisfies Partial<CacheError>)
    expect(await joiner).toBe(await starter)
    expect(load.mock.calls[0]?.[0].signal.reason).toBe(await starter)
  })

  it('rejects a joiner at its own hardTimeout, counted from its own call, and no one else', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const starter = cache.getOrSet('a', load)
    await held.begun
    await clock.advance(700)
    const joiner = cache
      .getOrSet('a', load, { hardTimeout: 1_000 })
      .catch((error: CacheError) => error.message)
    const done = settled(joiner)
    await clock.advance(999)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(await joiner).toContain("loading 'a' took longer than its hardTimeout of 1000 ms")
    expect(load.mock.calls[0]?.[0].signal.aborted).toBe(false)
    held.finish('loaded')
    expect(await starter).toBe('loaded')
  })

  it('leaves no timer behind', async () => {
    const { cache, clock, held, load } = sharing(backend)
    const calls = [cache.getOrSet('a', load), cache.getOrSet('a', load)]
    await clock.advance(0)
    held.finish('loaded')
    await Promise.all(calls)
    await clock.advance(0)
    expect(clock.pending).toBe(0)
  })
})
